internal import CLinux

/// One TCP connection, with TLS if asked for: bytes in through `inbound`, bytes out through `outbound`.
///
/// Belongs to the loop it was made on, and to one reader and one writer at a time. Waiting suspends the calling
/// task; a passed deadline or a cancelled task ends the wait. Not Sendable: the compiler keeps it with its owner.
public final class ByteStream {
  /// Bytes received and not yet consumed.
  public var inbound = ByteBuffer()
  /// Bytes to send at the next `flush()`.
  public var outbound = ByteBuffer()
  /// The other end.
  public let remoteAddress: SocketAddress?
  /// Called once when the peer resets the connection or it breaks while nobody waits on it.
  public var onHangUp: (() -> Void)?
  /// Called each time bytes or the end of the stream come while nobody waits to read: so the owner of an idle
  /// connection learns of it without keeping a task on it.
  public var onInput: (() -> Void)?
  /// Bytes received since the stream was opened.
  public private(set) var receivedBytes = 0

  let loop: EventLoop
  private var socket: Socket?
  private let source: ReadinessSource
  private var tls: TLSSession?
  private var isReadable = true
  private var isWritable = true
  private var isHungUp = false
  private var reader = ReadinessWaiter()
  private var writer = ReadinessWaiter()

  /// Takes over a connected (or connecting) socket. Call it on `loop`.
  init(_ socket: consuming Socket, loop: EventLoop) throws(SystemError) {
    self.loop = loop
    remoteAddress = SocketAddress.remote(of: socket.fileDescriptor)
    source = try ReadinessSource(fileDescriptor: socket.fileDescriptor, loop: loop)
    self.socket = consume socket
    source.onReady = { [unowned self] readiness in ready(readiness) }
  }

  deinit { close() }

  public var isClosed: Bool { socket == nil }

  /// The negotiated TLS version (`TLSv1.3`), nil on a plain connection.
  public var tlsVersion: String? { tls?.version }

  /// Whether this connection resumed an earlier TLS session; false on a plain connection.
  public var isTLSSessionResumed: Bool { tls?.isResumed ?? false }

  // MARK: Reading

  /// Waits for bytes and appends them to `inbound`.
  /// - Parameters:
  ///   - limit: bytes to read at the most, in this call.
  ///   - deadline: when to give up; nil waits for ever.
  /// - Returns: how many bytes came; 0 at the end of the stream.
  /// - Throws: `StreamError`.
  public func receive(limit: Int = 16_384, deadline: MonotonicInstant? = nil) async throws(StreamError) -> Int
  {
    while true {
      switch try receiveNow(limit: limit) {
      case .bytes(let count): return count
      case .endOfStream: return 0
      case .wouldBlock: try await wait(\.reader, deadline: deadline)
      case .needsWrite: try await wait(\.writer, deadline: deadline)
      }
    }
  }

  /// Appends to `inbound` what is there already.
  /// - Parameter limit: bytes to read at the most.
  /// - Returns: how many bytes came, 0 at the end of the stream, nil when a read would have to wait.
  /// - Throws: `StreamError`.
  public func receiveWithoutWaiting(limit: Int = 16_384) throws(StreamError) -> Int? {
    switch try receiveNow(limit: limit) {
    case .bytes(let count): count
    case .endOfStream: 0
    case .wouldBlock, .needsWrite: nil
    }
  }

  enum Attempt {
    case bytes(Int)
    case endOfStream
    case wouldBlock
    case needsWrite
  }

  private func receiveNow(limit: Int) throws(StreamError) -> Attempt {
    guard let descriptor = socket?.fileDescriptor else { throw .closed }
    if let tls {
      let attempt = try tls.read(into: &inbound, limit: limit)
      if case .wouldBlock = attempt { isReadable = false }
      if case .needsWrite = attempt { isWritable = false }
      if case .bytes(let count) = attempt { receivedBytes += count }
      return attempt
    }
    guard isReadable else { return .wouldBlock }
    while true {
      var failure: Int32 = 0
      var isEnd = false
      let count = inbound.append(upTo: limit) { space in
        let received = recv(descriptor, space.baseAddress, space.count, 0)
        if received < 0 { failure = gateway_errno() }
        isEnd = received == 0
        return received
      }
      if count > 0 {
        receivedBytes += count
        // A short read has emptied the socket: the next bytes, or the end, bring a new edge.
        if count < limit, !isHungUp { isReadable = isPeerDone }
        return .bytes(count)
      }
      if isEnd { return .endOfStream }
      switch failure {
      case EINTR: continue
      case EAGAIN:
        isReadable = false
        return .wouldBlock
      default: throw Self.error("recv", failure)
      }
    }
  }

  // MARK: Writing

  /// Sends all of `outbound`, waiting while the peer or the network is slow.
  /// - Parameter deadline: when to give up; nil waits for ever.
  /// - Throws: `StreamError`.
  public func flush(deadline: MonotonicInstant? = nil) async throws(StreamError) {
    while !outbound.isEmpty {
      switch try sendNow() {
      case .bytes, .endOfStream: continue
      case .wouldBlock: try await wait(\.writer, deadline: deadline)
      case .needsWrite: try await wait(\.reader, deadline: deadline)
      }
    }
  }

  /// Sends what the socket takes at once and drops the rest: for a last word before closing.
  public func flushWithoutWaiting() {
    while !outbound.isEmpty, case .bytes = try? sendNow() {}
  }

  /// In the answer, `.wouldBlock` asks for writability, `.needsWrite` (TLS only) for readability.
  private func sendNow() throws(StreamError) -> Attempt {
    guard let descriptor = socket?.fileDescriptor else { throw .closed }
    if let tls {
      let attempt = try tls.write(from: &outbound)
      if case .wouldBlock = attempt { isWritable = false }
      if case .needsWrite = attempt { isReadable = false }
      return attempt
    }
    guard isWritable else { return .wouldBlock }
    while true {
      let sent = outbound.withReadableBytes {
        send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if sent >= 0 {
        outbound.consume(sent)
        return .bytes(sent)
      }
      switch gateway_errno() {
      case EINTR: continue
      case EAGAIN:
        isWritable = false
        return .wouldBlock
      case let code: throw Self.error("send", code)
      }
    }
  }

  // MARK: TLS

  /// Makes the connection a TLS one: as a client that expects `serverName`, or as a server when it is nil.
  /// - Throws: `StreamError.tls` when the peer or its certificate is refused, or another `StreamError`.
  public func startTLS(_ context: TLSContext, serverName: String?, deadline: MonotonicInstant?)
    async throws(StreamError)
  {
    guard let descriptor = socket?.fileDescriptor else { throw .closed }
    let session = try TLSSession(context: context, fileDescriptor: descriptor, serverName: serverName)
    while true {
      switch try session.handshake() {
      case .bytes, .endOfStream:
        tls = session
        return
      case .wouldBlock:
        isReadable = false
        try await wait(\.reader, deadline: deadline)
      case .needsWrite:
        isWritable = false
        try await wait(\.writer, deadline: deadline)
      }
    }
  }

  // MARK: Ending

  /// Says that nothing more will be sent (TCP FIN, after TLS's close-notify), while reading goes on.
  public func finishWriting() {
    guard let descriptor = socket?.fileDescriptor else { return }
    tls?.sendCloseNotify()
    shutdown(descriptor, Int32(SHUT_WR))
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
    reader.resume(with: .closed)
    writer.resume(with: .closed)
  }

  /// Waits until a connect on this socket has ended.
  func finishConnecting(deadline: MonotonicInstant?) async throws(StreamError) {
    isReadable = false
    isWritable = false
    try await wait(\.writer, deadline: deadline)
    guard let descriptor = socket?.fileDescriptor else { throw .closed }
    var code: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0, code == 0 else {
      throw .connectFailed(SystemError(call: "connect", errno: code == 0 ? gateway_errno() : code))
    }
  }

  // MARK: Readiness

  /// The peer will send nothing more; what it sent may still have to be read.
  private var isPeerDone = false

  private func ready(_ readiness: Readiness) {
    if readiness.contains(.hungUp) { isHungUp = true }
    if readiness.contains(.readable) {
      isReadable = true
      isPeerDone = isPeerDone || readiness.contains(.peerDone)
      let isAwaited = reader.isWaiting
      reader.resume(with: nil)
      if !isAwaited { onInput?() }
    }
    if readiness.contains(.writable) {
      isWritable = true
      writer.resume(with: nil)
    }
    if isHungUp, let action = onHangUp {
      onHangUp = nil
      action()
    }
  }

  private func wait(
    _ waiter: ReferenceWritableKeyPath<ByteStream, ReadinessWaiter>,
    deadline: MonotonicInstant?
  ) async throws(StreamError) {
    guard socket != nil else { throw .closed }
    if let error = await suspend(waiter, deadline: deadline) { throw error }
  }

  /// The isolation is a parameter, and the closure captures it, because `withTaskCancellationHandler` runs a closure
  /// of no stated isolation on the global executor: off the loop.
  private func suspend(
    _ waiter: ReferenceWritableKeyPath<ByteStream, ReadinessWaiter>,
    deadline: MonotonicInstant?,
    isolation: isolated (any Actor)? = #isolation
  ) async -> StreamError? {
    let loop = loop
    let handle = CancellationTarget(self, waiter, ticket: self[keyPath: waiter].nextTicket)
    return await withTaskCancellationHandler {
      _ = isolation
      return await withUnsafeContinuation { continuation in
        if Task.isCancelled {
          continuation.resume(returning: .closed)
          return
        }
        self[keyPath: waiter].begin(continuation, loop: loop, deadline: deadline)
      }
    } onCancel: {
      loop.execute { handle.cancel() }
    }
  }

  fileprivate func cancel(_ waiter: ReferenceWritableKeyPath<ByteStream, ReadinessWaiter>, ticket: UInt64) {
    self[keyPath: waiter].cancel(ticket: ticket)
  }

  private static func error(_ call: String, _ code: Int32) -> StreamError {
    switch code {
    case ECONNRESET, EPIPE, ETIMEDOUT: .reset
    default: .system(SystemError(call: call, errno: code))
    }
  }
}

/// Carries a weak reference to a stream into a cancellation handler, which runs on any thread. It names one wait: by
/// the time the loop hears of the cancellation, the stream may serve another task.
///
/// `@unchecked Sendable`: `cancel()`, the only use of the properties, runs on the stream's own loop.
private final class CancellationTarget: @unchecked Sendable {
  private weak var stream: ByteStream?
  private let waiter: ReferenceWritableKeyPath<ByteStream, ReadinessWaiter>
  private let ticket: UInt64

  init(_ stream: ByteStream, _ waiter: ReferenceWritableKeyPath<ByteStream, ReadinessWaiter>, ticket: UInt64)
  {
    self.stream = stream
    self.waiter = waiter
    self.ticket = ticket
  }

  func cancel() { stream?.cancel(waiter, ticket: ticket) }
}
