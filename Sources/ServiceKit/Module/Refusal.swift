public import HTTPTypes

/// An answer for a rule that is not met, without the facts of one request.
public struct Refusal: Hashable, Sendable {
  /// Names it among its module's.
  public let name: String
  /// The HTTP status.
  public let status: HTTPResponse.Status
  /// What the API's description says of it; nil where that says enough of the status already.
  public let summary: String?

  /// - Parameter status: 400 to 499, or 503 for what may be otherwise when it is asked for again.
  public init(_ name: String, _ status: HTTPResponse.Status, _ summary: String? = nil) {
    self.name = name
    self.status = status
    self.summary = summary
  }
}
