internal import CLibPQ

/// Cancels what one connection runs at the server: the owner of one PGcancel.
///
/// `@unchecked Sendable`: the pointer never changes, and libpq allows PQcancel on any thread.
final class CancelRequest: @unchecked Sendable {
  private let pointer: OpaquePointer

  /// - Parameter connection: a PGconn; nil comes of one that is not open.
  init?(_ connection: OpaquePointer) {
    guard let pointer = PQgetCancel(connection) else { return nil }
    self.pointer = pointer
  }

  deinit { PQfreeCancel(pointer) }

  /// Opens a connection of its own, and blocks until the server has closed that.
  func send() {
    var error = [CChar](repeating: 0, count: 256)
    PQcancel(pointer, &error, 256)
  }
}
