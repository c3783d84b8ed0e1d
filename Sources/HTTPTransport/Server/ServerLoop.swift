internal import EventLoops
internal import HTTPTypes
internal import Logging

/// The part of a server that lives on one loop: its listener and its connections.
actor ServerLoop {
  nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  private let configuration: HTTPServerConfiguration
  private var tls: TLSContext?
  private let counters: ServerCounters
  private let logger: Logger
  private let responder: Responder
  private let encoder: ResponseEncoder

  private var listener: Listener?
  private var isDraining = false
  private var connections: [Int: ServerConnection] = [:]
  private var nextConnection = 0
  private var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
  private var nextWaiter = 0

  init(
    loop: EventLoop,
    configuration: HTTPServerConfiguration,
    tls: TLSContext?,
    counters: ServerCounters,
    logger: Logger,
    responder: @escaping Responder
  ) {
    self.loop = loop
    self.configuration = configuration
    self.tls = tls
    self.counters = counters
    self.logger = logger
    self.responder = responder
    encoder = ResponseEncoder(
      gzipMinimumBytes: configuration.gzipMinimumBytes,
      gzipLevel: configuration.gzipLevel
    )
  }

  /// Starts to listen and accept.
  /// - Returns: the address, with the port the kernel chose if 0 was asked for.
  func listen(_ address: SocketAddress) throws(SystemError) -> SocketAddress {
    let listener = try Listener(address: address, backlog: configuration.backlog, loop: loop)
    self.listener = listener
    listener.accept { [weak self] stream in
      guard let self else { return }
      // A stream is handed over with its region: nobody else holds it, and both sides are on this loop.
      nonisolated(unsafe) let stream = stream
      assumeIsolated { $0.accepted(stream) }
    }
    return listener.address
  }

  /// New connections use this context from now on; those that are open keep theirs.
  func replaceTLS(_ context: TLSContext) { tls = context }

  private func accepted(_ stream: ByteStream) {
    guard !isDraining, counters.admit(maximum: configuration.maximumConnections) else {
      turnAway(stream)
      return
    }
    let connection = ServerConnection(
      stream: stream,
      loop: loop,
      configuration: configuration,
      encoder: encoder,
      logger: logger,
      responder: responder
    )
    let number = nextConnection
    nextConnection += 1
    connections[number] = connection
    connection.task = Task(executorPreference: loop) { await self.run(number) }
  }

  private func run(_ number: Int) async {
    guard let connection = connections[number] else { return }
    await connection.run(tls: tls)
    connections[number] = nil
    counters.leave()
    if connections.isEmpty { resumeWaiters() }
  }

  /// Says 503 to a connection too many, without giving it a task. A TLS client is just closed.
  private func turnAway(_ stream: ByteStream) {
    if tls == nil {
      var response = configuration.errorResponse(.serviceUnavailable, "too many connections")
      response.fields[.retryAfter] = "\(configuration.retryAfterSeconds)"
      encoder.encode(response, ResponseEncoder.Context(closes: true, now: .now()), to: &stream.outbound)
      stream.flushWithoutWaiting()
      stream.finishWriting()
    }
    stream.close()
  }

  // MARK: Shutting down

  /// Stops accepting, ends idle connections, lets busy ones answer until `deadline`, then cuts them.
  func shutdown(by deadline: MonotonicInstant) async {
    isDraining = true
    listener?.close()
    listener = nil
    for connection in connections.values { connection.beginDraining() }
    await waitUntilEmpty(by: deadline)
    for connection in connections.values { connection.cut() }
    // Responders end soon after their tasks are cancelled; one that ignores it must not hold up the process.
    await waitUntilEmpty(by: .now() + .seconds(1))
    if !connections.isEmpty {
      logger.warning("requests still running after shutdown", metadata: ["count": "\(connections.count)"])
    }
  }

  private func waitUntilEmpty(by deadline: MonotonicInstant) async {
    guard !connections.isEmpty, deadline > .now() else { return }
    let number = nextWaiter
    nextWaiter += 1
    let timer = loop.schedule(at: deadline) { [weak self] in
      self?.assumeIsolated { $0.waiters.removeValue(forKey: number)?.resume() }
    }
    await withCheckedContinuation { waiters[number] = $0 }
    timer.cancel()
  }

  private func resumeWaiters() {
    let waiting = waiters
    waiters = [:]
    for waiter in waiting.values { waiter.resume() }
  }
}
