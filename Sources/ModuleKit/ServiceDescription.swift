public import ServiceKit

/// How the service that a module stands for calls itself: in `/info`, telemetry and the description of its API.
public struct ServiceDescription: Sendable {
  /// The name of the deployed service, and its role in Application Insights: `hmpps-non-associations-api`.
  public let app: String
  /// A title and a version that `/info` tells besides, for a service that has always told them.
  public let legacyApp: (name: String, version: Double)?
  /// What the description of the API is called.
  public let title: String
  /// What the description of the API says in a sentence.
  public let summary: String
  /// What the description says of the body of errors.
  public let errorSchema: APISchema
  /// Where the description says that the API is: URL, and what it is. Empty for where the description itself is.
  public let servers: [(url: String, description: String)]
  /// Tags of the description that no operation has, and that clients may know.
  public let unusedTags: [String]

  /// A service that has never told a title and version in `/info` has no `legacyApp`.
  public init(
    app: String,
    legacyApp: (name: String, version: Double)? = nil,
    title: String,
    summary: String,
    errorSchema: APISchema,
    servers: [(url: String, description: String)] = [],
    unusedTags: [String] = []
  ) {
    self.app = app
    self.legacyApp = legacyApp
    self.title = title
    self.summary = summary
    self.errorSchema = errorSchema
    self.servers = servers
    self.unusedTags = unusedTags
  }
}
