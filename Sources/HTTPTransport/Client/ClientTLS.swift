internal import EventLoops
internal import Synchronization

/// The TLS context of a client. The system's authorities are loaded at the first use only: they take some megabytes,
/// and a client that calls its upstreams in plain HTTP needs none.
final class ClientTLS: Sendable {
  private let made: Mutex<TLSContext?>

  init(_ context: TLSContext?) { made = Mutex(context) }

  /// Connections that are made from now on use another context.
  func replace(_ context: TLSContext) { made.withLock { $0 = context } }

  /// - Throws: `StreamError.tls` when the system's authorities cannot be loaded.
  func context() throws(StreamError) -> TLSContext {
    try made.withLock { (made) throws(StreamError) -> TLSContext in
      if let made { return made }
      let context = try TLSContext()
      made = context
      return context
    }
  }
}
