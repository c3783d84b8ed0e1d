internal import CLinux
internal import Time

/// A listening TCP socket of one loop. Several loops may listen on one port (SO_REUSEPORT): the kernel spreads new
/// connections over them.
///
/// Belongs to the loop it was opened on; its last reference may go on any thread, and the loop closes it then.
public final class Listener {
  private let loop: EventLoop
  private var socket: Socket?
  private let source: ReadinessSource
  private var onAccept: (@Sendable (sending ByteStream) -> Void)?
  /// Goes on with accepting: after a pause, or after a turn of the loop.
  private var resumption: ScheduledTimer?
  /// Connections taken in one turn of the loop, so that a flood of new ones leaves time for those already open.
  private static let maximumPerTurn = 128
  /// What the kernel takes of a connection's bytes while the client's window is full.
  private static let unsentBytes: Int32 = 16_384
  /// The address it listens on, with the port the kernel chose if 0 was asked for.
  public let address: SocketAddress

  /// Listens on a numeric address. Call it on `loop`.
  /// - Parameters:
  ///   - backlog: connections the kernel holds for us before we accept them.
  ///   - silence: how long a client may take nothing of what was sent, before its connection is broken; nil for as long
  ///     as the kernel tries.
  /// - Throws: `SystemError` (`EADDRINUSE`, `EACCES`, …).
  public init(
    address wanted: SocketAddress,
    backlog: Int32 = 1024,
    silence: Duration? = nil,
    loop: EventLoop
  ) throws(SystemError) {
    let socket = try Self.makeSocket(wanted)
    try socket.set(SOL_SOCKET, SO_REUSEPORT, to: 1)
    // Connections inherit these (tcp(7)). Of what is not yet on its way the kernel takes little, so that an answer that
    // nobody reads stays with us, where it is counted.
    try? socket.set(Int32(IPPROTO_TCP), TCP_NOTSENT_LOWAT, to: Self.unsentBytes)
    if let silence {
      let milliseconds = Int32(clamping: silence.wholeNanoseconds / 1_000_000)
      try? socket.set(Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, to: milliseconds)
    }
    let bound = wanted.withPointer { bind(socket.fileDescriptor, $0, $1) }
    guard bound == 0 else { throw .last("bind") }
    guard listen(socket.fileDescriptor, backlog) == 0 else { throw .last("listen") }
    guard let address = SocketAddress.local(of: socket.fileDescriptor) else { throw .last("getsockname") }
    self.loop = loop
    self.address = address
    source = try ReadinessSource(fileDescriptor: socket.fileDescriptor, loop: loop)
    self.socket = consume socket
  }

  deinit {
    if loop.isCurrent {
      close()
    } else if let socket = socket.take() {
      let abandoned = AbandonedSocket(socket, source: source)
      loop.execute { abandoned.close() }
    }
  }

  /// Makes sure that nobody listens on a numeric address yet. Listeners share their ports, and so two processes would
  /// share one too, each taking a part of the other's connections: check once before the first listener is opened.
  /// - Throws: `SystemError`: `EADDRINUSE` when another socket has the port, and what else `bind` refuses.
  public static func checkFree(_ address: SocketAddress) throws(SystemError) {
    guard address.port != 0 else { return }
    let socket = try makeSocket(address)
    let bound = address.withPointer { bind(socket.fileDescriptor, $0, $1) }
    guard bound == 0 else { throw .last("bind") }
  }

  /// `::` takes IPv4 connections too, whatever the machine's `net.ipv6.bindv6only` says.
  private static func makeSocket(_ address: SocketAddress) throws(SystemError) -> Socket {
    let socket = try Socket.make(family: address.family)
    try socket.set(SOL_SOCKET, SO_REUSEADDR, to: 1)
    if address.family == AF_INET6 { try socket.set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, to: 0) }
    return socket
  }

  /// Whether new connections stay in the backlog; asked once a turn of the loop.
  public var isHeldUp: () -> Bool = { false }

  /// Hands each new connection to `onAccept`, on the loop, until `close()`. Running out of descriptors or memory
  /// pauses accepting for 100 ms instead of failing.
  public func accept(_ onAccept: @escaping @Sendable (sending ByteStream) -> Void) {
    self.onAccept = onAccept
    source.onReady = { [weak self] _ in self?.acceptSome() }
    acceptSome()
  }

  private func acceptSome() {
    guard resumption == nil else { return }
    guard !isHeldUp() else { return acceptSome(after: .zero) }
    for _ in 0..<Self.maximumPerTurn {
      switch acceptOne() {
      case .accepted: continue
      case .nothing: return
      case .failed: return acceptSome(after: .milliseconds(100))
      }
    }
    acceptSome(after: .zero)
  }

  private func acceptSome(after delay: Duration) {
    resumption = loop.schedule(after: delay) { [weak self] in
      self?.resumption = nil
      self?.acceptSome()
    }
  }

  private enum Acceptance { case accepted, nothing, failed }

  private func acceptOne() -> Acceptance {
    while let onAccept, let listening = socket?.fileDescriptor {
      let descriptor = gateway_accept(listening)
      if descriptor >= 0 {
        Self.hand(descriptor, loop, to: onAccept)
        return .accepted
      }
      switch gateway_errno() {
      case EAGAIN: return .nothing
      case EINTR, ECONNABORTED, EPROTO, ENETDOWN, EHOSTUNREACH, ENETUNREACH: continue
      default: return .failed
      }
    }
    return .nothing
  }

  private static func hand(
    _ descriptor: Int32,
    _ loop: EventLoop,
    to onAccept: @Sendable (sending ByteStream) -> Void
  ) {
    let accepted = Socket(fileDescriptor: descriptor)
    accepted.disableNagle()
    // epoll refuses a descriptor only when the machine is out of memory; the connection is closed then.
    guard let stream = try? ByteStream(accepted, loop: loop) else { return }
    onAccept(stream)
  }

  /// Leaves further clients without an answer, so that they ask again in a second or so, and hands over those whose
  /// connection is made already. A client whose first packet has been answered may still complete its connection: give
  /// it some time before ``close()``, which resets what has not been handed over (`listen(2)` keeps such connections in
  /// the listener, and they end with it).
  public func stopTaking() {
    guard let socket = socket?.fileDescriptor else { return }
    gateway_drop_new_connections(socket)
    acceptAll()
  }

  /// Hands over every connection that is made by now.
  private func acceptAll() {
    while case .accepted = acceptOne() {}
  }

  /// Hands over the connections that are made by now and stops listening; connections already accepted live on.
  public func close() {
    guard socket != nil else { return }
    acceptAll()
    source.close()
    onAccept = nil
    socket = nil
    resumption?.cancel()
    resumption = nil
  }
}
