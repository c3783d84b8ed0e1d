internal import CLinux
internal import Concurrency
public import Time

/// One TCP connection, with TLS if asked for: bytes in through `inbound`, bytes out through `outbound`.
///
/// Belongs to the loop it was made on, and to one reader and one writer at a time. Waiting suspends the calling
/// task; a passed deadline or a cancelled task ends the wait. Not Sendable: the compiler keeps it with its owner.
/// Its last reference may go on any thread: the loop closes it then.
public final class ByteStream {
  /// Bytes received and not yet consumed.
  public var inbound = ByteBuffer()
  /// Bytes to send at the next `flush()`.
  public var outbound = ByteBuffer()
  /// The other end.
  public let remoteAddress: SocketAddress?
  /// Called once when the peer resets the connection or it breaks, whether or not a task waits on it; not when both
  /// sides have ended in order.
  public var onHangUp: (() -> Void)?
  /// Called each time bytes or the end of the stream come while nobody waits to read: so the owner of an idle
  /// connection learns of it without keeping a task on it.
  public var onInput: (() -> Void)?
  /// Bytes received since the stream was opened.
  public internal(set) var receivedBytes = 0

  public let loop: EventLoop
  private var socket: Socket?
  private let source: ReadinessSource
  private(set) var tls: TLSSession?
  /// What the last system call or event says is possible; an attempt that must wait takes its direction out.
  var readiness: Readiness = [.readable, .writable]
  private var hasFinishedWriting = false
  private(set) var wasReset = false
  let reader = ReadinessWaiter()
  let writer = ReadinessWaiter()
  /// Memory that an idle stream keeps for each direction.
  static let idleCapacity = 4096

  /// Takes over a connected (or connecting) socket. Call it on `loop`.
  /// - Parameter remoteAddress: the other end, if it is known; the system is asked otherwise.
  init(_ socket: consuming Socket, remoteAddress: SocketAddress? = nil, loop: EventLoop) throws(SystemError) {
    self.loop = loop
    self.remoteAddress = remoteAddress ?? SocketAddress.remote(of: socket.fileDescriptor)
    source = try ReadinessSource(fileDescriptor: socket.fileDescriptor, loop: loop)
    self.socket = consume socket
    // Weak, because the last reference may be going on another thread while the loop tells of readiness.
    source.onReady = { [weak self] readiness in self?.becameReady(readiness) }
  }

  deinit {
    if loop.isCurrent {
      close()
    } else if let socket = socket.take() {
      let abandoned = AbandonedSocket(socket, source: source, tls: tls, waiters: [reader, writer])
      loop.execute { abandoned.close() }
    }
  }

  public var isClosed: Bool { socket == nil }

  /// The socket's, until the stream is closed.
  var descriptor: Int32? { socket?.fileDescriptor }

  /// The negotiated TLS version (`TLSv1.3`), nil on a plain connection.
  public var tlsVersion: String? { tls?.version }

  /// Whether this connection resumed an earlier TLS session; false on a plain connection.
  public var isTLSSessionResumed: Bool { tls?.isResumed ?? false }

  // MARK: TLS

  /// Makes the connection a TLS one: as a client that expects `serverName`, or as a server when it is nil.
  /// - Throws: `StreamError.tls` when the peer or its certificate is refused, or another `StreamError`.
  public func startTLS(
    _ context: TLSContext,
    serverName: String?,
    deadline: MonotonicInstant?
  ) async throws(StreamError) {
    guard let descriptor else { throw .closed }
    // What came unencrypted must not pass for what comes encrypted.
    guard inbound.isEmpty, tls == nil else { throw .tls("the connection is in use") }
    let session = try TLSSession(
      context: context,
      fileDescriptor: descriptor,
      serverName: serverName,
      isAddress: serverName.map { SocketAddress(numeric: $0, port: 0) != nil } ?? false
    )
    while true {
      await loop.waitForLongStep()
      // The descriptor may belong to another connection by now, if this one was closed while it waited.
      if isClosed { throw .closed }
      if let deadline, MonotonicInstant.now() >= deadline { throw .timedOut }
      guard case .mustWait(let needed) = note(try session.handshake()) else { break }
      try await wait(reader, for: needed, deadline: deadline)
    }
    tls = session
  }

  // MARK: Ending

  /// Says that nothing more will be sent (TCP FIN, after TLS's close-notify), while reading goes on.
  public func finishWriting() {
    guard let descriptor else { return }
    tls?.sendCloseNotify()
    shutdown(descriptor, Int32(SHUT_WR))
    hasFinishedWriting = true
  }

  /// Closes the connection; a task waiting on it gets `StreamError.closed`. Repeated calls do nothing.
  public func close() {
    guard socket != nil else { return }
    tls?.sendCloseNotify()
    tls = nil
    source.close()
    socket = nil
    onHangUp = nil
    onInput = nil
    reader.close()
    writer.close()
  }

  // MARK: Connecting

  /// Waits until a connect on this socket has ended.
  func finishConnecting(deadline: MonotonicInstant?) async throws(StreamError) {
    readiness = []
    try await wait(writer, for: .writable, deadline: deadline)
    guard let descriptor else { throw .closed }
    var code: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0, code == 0 else {
      throw .connectFailed(SystemError(call: "connect", errno: code == 0 ? gateway_errno() : code))
    }
  }

  // MARK: Readiness

  func note(_ attempt: StreamAttempt) -> StreamAttempt {
    if case .mustWait(let needed) = attempt { readiness.subtract(needed) }
    return attempt
  }

  private func becameReady(_ news: Readiness) {
    readiness.formUnion(news)
    let isReadAwaited = reader.isWaiting
    reader.resume(news)
    writer.resume(news)
    if news.contains(.readable), !isReadAwaited { onInput?() }
    let isBroken = news.contains(.hungUp) && !(hasFinishedWriting && !news.contains(.failed))
    if isBroken, let action = onHangUp {
      onHangUp = nil
      action()
    }
  }

  func wait(
    _ waiter: ReadinessWaiter,
    for needed: Readiness,
    deadline: MonotonicInstant?,
    isolation: isolated (any Actor)? = #isolation
  ) async throws(StreamError) {
    let loop = loop
    let cancellation = WaitCancellation(waiter: waiter, ticket: waiter.nextTicket())
    let error: StreamError? = await withCancellableContinuation { continuation in
      begin(waiter, continuation, for: needed, deadline: deadline)
    } onCancel: {
      loop.execute { cancellation.run() }
    }
    if let error { throw error }
  }

  func begin(
    _ waiter: ReadinessWaiter,
    _ continuation: UnsafeContinuation<StreamError?, Never>,
    for needed: Readiness,
    deadline: MonotonicInstant?
  ) {
    loop.preconditionOnLoop()
    if isClosed || Task.isCancelled {
      continuation.resume(returning: .closed)
    } else if !readiness.isDisjoint(with: needed) {
      continuation.resume(returning: nil)
    } else {
      waiter.begin(continuation, for: needed, loop: loop, deadline: deadline)
    }
  }

  func error(_ call: String, _ code: Int32) -> StreamError {
    switch code {
    case ECONNRESET, ETIMEDOUT:
      wasReset = true
      return .reset
    case EPIPE: return .reset
    default: return .system(SystemError(call: call, errno: code))
    }
  }
}
