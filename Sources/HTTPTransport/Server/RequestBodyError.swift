public import HTTPTypes

/// Why the body of a request could not be read. The connection is closed after the answer.
public enum RequestBodyError: Error, Sendable, Hashable {
  /// More bytes announced or sent than `HTTPServerConfiguration.maximumBodyBytes`.
  case tooLarge(limit: Int)
  /// It did not come within the time, or at less than the least rate.
  case tooSlow
  /// Its chunks break RFC 9112 §7.1; the text says how and is safe to show.
  case malformed(String)
  /// The client has gone, or has sent less than it announced.
  case disconnected

  /// The status to answer with: 413, 408 or 400.
  public var status: HTTPResponse.Status {
    switch self {
    case .tooLarge: .contentTooLarge
    case .tooSlow: .requestTimeout
    case .malformed, .disconnected: .badRequest
    }
  }
}
