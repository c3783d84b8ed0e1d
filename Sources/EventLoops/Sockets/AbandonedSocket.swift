/// What is left of a stream or listener whose last reference went on another thread than its loop's: to be closed on
/// the loop, which may be telling of the descriptor's readiness at this moment.
///
/// `@unchecked Sendable`: made by a `deinit`, when nothing else can reach the parts, and touched then on the loop alone;
/// if the loop has ended, it only goes, and the socket with it.
final class AbandonedSocket: @unchecked Sendable {
  private let source: ReadinessSource
  private var socket: Socket?
  private var tls: TLSSession?
  private let waiters: [ReadinessWaiter]

  init(
    _ socket: consuming Socket,
    source: ReadinessSource,
    tls: TLSSession? = nil,
    waiters: [ReadinessWaiter] = []
  ) {
    self.socket = consume socket
    self.source = source
    self.tls = tls
    self.waiters = waiters
  }

  func close() {
    tls?.sendCloseNotify()
    tls = nil
    source.close()
    socket = nil
    for waiter in waiters { waiter.close() }
  }
}
