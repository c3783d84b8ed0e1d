internal import HTTPTypes

/// Why the server itself refuses a request: it answers with this status, closes the connection and reads
/// nothing more.
struct RequestRefusal: Error, Hashable, Sendable {
  let status: HTTPResponse.Status
  /// A fixed text that never repeats what the client sent.
  let reason: String

  static func badRequest(_ reason: String) -> RequestRefusal {
    RequestRefusal(status: .badRequest, reason: reason)
  }

  static let requestLineTooLong = RequestRefusal(status: .uriTooLong, reason: "request line too long")
  static let headersTooLarge = RequestRefusal(
    status: .requestHeaderFieldsTooLarge,
    reason: "header fields too large"
  )
  static let tooManyHeaders = RequestRefusal(
    status: .requestHeaderFieldsTooLarge,
    reason: "too many header fields"
  )
  static let methodNotImplemented = RequestRefusal(status: .notImplemented, reason: "method not implemented")
  static let codingNotImplemented = RequestRefusal(
    status: .notImplemented,
    reason: "transfer coding not implemented"
  )
  static let versionNotSupported = RequestRefusal(
    status: .httpVersionNotSupported,
    reason: "HTTP version not supported"
  )
  static let expectationFailed = RequestRefusal(status: .expectationFailed, reason: "unknown expectation")
  static let timeout = RequestRefusal(status: .requestTimeout, reason: "request not received in time")
}
