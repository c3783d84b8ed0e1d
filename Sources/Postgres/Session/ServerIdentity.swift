/// Which server a session is with: when it was started, in microseconds since 2000. No two servers behind one address
/// say the same.
package struct ServerIdentity: Hashable, Sendable {
  /// In microseconds since 2000.
  package let startTime: Int64

  /// - Parameter startTime: as the server tells it.
  package init(startTime: Int64) { self.startTime = startTime }
}
