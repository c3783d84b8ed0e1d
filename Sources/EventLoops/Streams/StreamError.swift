/// Why a byte stream could not do what it was asked.
public enum StreamError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The deadline passed first.
  case timedOut
  /// The stream was closed on this side, by `close()` or because its task was cancelled.
  case closed
  /// The peer reset the connection, or the network did.
  case reset
  /// No address of the host could be reached; the last error is given.
  case connectFailed(SystemError)
  /// The host name has no address; the resolver's reason is given.
  case nameNotResolved(host: String, reason: String)
  /// TLS refused: the handshake, the certificate or a record. The text is OpenSSL's.
  case tls(String)
  /// Any other failing system call.
  case system(SystemError)

  public var description: String {
    switch self {
    case .timedOut: "timed out"
    case .closed: "connection closed"
    case .reset: "connection reset by peer"
    case .connectFailed(let error): "could not connect: \(error)"
    case .nameNotResolved(let host, let reason): "could not resolve host \(host): \(reason)"
    case .tls(let text): "TLS: \(text)"
    case .system(let error): error.description
    }
  }
}
