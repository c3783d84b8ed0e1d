internal import CLinux

/// What the kernel says a descriptor is ready for.
public struct Readiness: OptionSet, Sendable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// A read will not block: bytes, a pending connection, an end of stream or an error is there.
  public static let readable = Readiness(rawValue: 1)
  /// A write will not block, or will fail at once.
  public static let writable = Readiness(rawValue: 2)
  /// Both directions are over: the peer reset the connection or it broke.
  public static let hungUp = Readiness(rawValue: 4)
  /// The peer has sent all it will send (it may still read).
  public static let peerDone = Readiness(rawValue: 8)
  /// The connection broke, where `hungUp` alone may also mean that both sides have said they are done.
  static let failed = Readiness(rawValue: 16)

  init(epollEvents events: UInt32) {
    self = []
    let broken = events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0
    if broken || events & (EPOLLIN.rawValue | EPOLLRDHUP.rawValue) != 0 { insert(.readable) }
    if broken || events & EPOLLOUT.rawValue != 0 { insert(.writable) }
    if broken { insert(.hungUp) }
    if broken || events & EPOLLRDHUP.rawValue != 0 { insert(.peerDone) }
    if events & EPOLLERR.rawValue != 0 { insert(.failed) }
  }
}

/// Edge-triggered readiness of one descriptor that something else owns and closes (a socket, libpq's connection).
/// Close the source before the descriptor, and before letting it go: the loop keeps it until then.
///
/// Belongs to the loop it was made on: make, use and close it there only.
public final class ReadinessSource {
  /// Called on the loop each time the descriptor becomes ready for something it was not ready for before: read or
  /// write until `EAGAIN`, or the next edge does not come.
  public var onReady: ((Readiness) -> Void)?

  private let loop: EventLoop
  private let fileDescriptor: Int32
  private var token: UInt64?

  /// Starts watching `fileDescriptor` for reading and writing. Call it on `loop`.
  /// - Throws: `SystemError` when epoll refuses the descriptor.
  public init(fileDescriptor: Int32, loop: EventLoop) throws(SystemError) {
    loop.preconditionOnLoop()
    self.loop = loop
    self.fileDescriptor = fileDescriptor
    let mask = EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
    token = try loop.poller.add(self, fileDescriptor: fileDescriptor, events: mask)
  }

  /// Stops watching and forgets `onReady`. Repeated calls do nothing. Call it on the loop.
  public func close() {
    guard let token else { return }
    loop.preconditionOnLoop()
    onReady = nil
    self.token = nil
    loop.poller.remove(token: token, fileDescriptor: fileDescriptor)
  }

  func deliver(_ readiness: Readiness) { onReady?(readiness) }
}
