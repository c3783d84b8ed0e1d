/// How long a request's body is (RFC 9112 §6.3).
enum RequestFraming: Hashable, Sendable {
  case none
  /// Exactly this many bytes; never 0.
  case length(Int)
  case chunked
}

/// A head with what it means for the connection.
struct ParsedRequest: Sendable {
  let head: RequestHead
  let framing: RequestFraming
  /// Whether the client waits for `100 Continue` before it sends the body (RFC 9110 §10.1.1).
  let expectsContinue: Bool
  /// Whether the client lets the connection live on after the answer.
  let keepsAlive: Bool
  /// Whether the first `X-Forwarded-Proto` says `https`; to be believed from a trusted proxy only.
  let isForwardedSecure: Bool
  /// `OPTIONS *` (RFC 9112 §3.2.4): a question to the server as a whole.
  let isServerWide: Bool
}
