public import HTTPTransport

/// What `APPLICATIONINSIGHTS_CONNECTION_STRING` says: `InstrumentationKey=…;IngestionEndpoint=https://…/`.
public struct ApplicationInsightsConnection: Sendable, Hashable {
  /// Names the resource that items belong to.
  public let instrumentationKey: String
  /// `…/v2.1/track`.
  public let trackURL: HTTPURL

  /// What is wrong with a connection string; quotes nothing of it.
  public struct Malformed: Error, CustomStringConvertible {
    /// The end of a sentence that begins with the setting.
    public let description: String
  }

  /// Parts in any order, names in any case; unknown ones are passed over, as the agent does.
  /// - Throws: `Malformed` without an instrumentation key, or with an endpoint that is no URL.
  public init(_ text: String) throws(Malformed) {
    var parts: [String: String] = [:]
    for part in text.split(separator: ";") {
      let pair = part.split(separator: "=", maxSplits: 1)
      guard pair.count == 2 else { continue }
      parts[Self.trim(pair[0]).lowercased()] = Self.trim(pair[1])
    }
    guard let key = parts["instrumentationkey"], !key.isEmpty else {
      throw Malformed(description: "it has no InstrumentationKey")
    }
    instrumentationKey = key
    let endpoint =
      parts["ingestionendpoint"] ?? parts["endpointsuffix"].map { "https://dc.\($0)" }
      ?? "https://dc.services.visualstudio.com"
    do {
      trackURL = try HTTPURL(endpoint).path("/v2.1/track")
    } catch {
      throw Malformed(description: "its IngestionEndpoint is not a usable URL: \(error)")
    }
  }

  private static func trim(_ text: Substring) -> String {
    var text = text.drop { $0 == " " }
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
