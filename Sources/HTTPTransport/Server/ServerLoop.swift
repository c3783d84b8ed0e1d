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
  private var drainStage = DrainStage.serving
  private var connections: [Int: ServerConnection] = [:]
  private var nextConnection = 0
  /// Clients that are told that there is no room, and have yet to hear it.
  private var turnedAway = 0
  /// More than these at once are closed without a word.
  private static let maximumTurnedAway = 1024
  private var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
  private var pauses: [Int: CheckedContinuation<Void, Never>] = [:]
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
    guard counters.admit(maximum: configuration.maximumConnections) else {
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
    if drainStage != .serving { connection.drain(drainStage) }
    connection.task = Task(executorPreference: loop) { await self.run(number) }
  }

  private func run(_ number: Int) async {
    guard let connection = connections[number] else { return }
    await connection.run(tls: tls)
    connections[number] = nil
    counters.leave()
    if connections.isEmpty { resumeWaiters() }
  }

  /// Says 503 to a connection too many. A TLS client is just closed.
  private func turnAway(_ stream: ByteStream) {
    guard tls == nil, turnedAway < Self.maximumTurnedAway else { return stream.close() }
    turnedAway += 1
    var response = configuration.errorResponse(.serviceUnavailable, "too many connections")
    response.fields[.retryAfter] = "\(configuration.retryAfterSeconds)"
    encoder.encode(response, ResponseEncoder.Context(closes: true, now: .now()), to: &stream.outbound)
    stream.flushWithoutWaiting()
    // A stream is handed over with its region: nobody else holds it, and the task is on this loop.
    nonisolated(unsafe) let stream = stream
    Task(executorPreference: loop) { await self.finishTurningAway(stream) }
  }

  private func finishTurningAway(_ stream: ByteStream) async {
    await LingeringClose(isWithinBody: true, now: .now()).run(on: stream)
    stream.close()
    turnedAway -= 1
  }

  // MARK: Shutting down

  /// Goes through the stages of `DrainStage`.
  /// - Parameters:
  ///   - drainEnd: until when new connections are taken.
  ///   - deadline: when what is not done is cut.
  func shutdown(drainingUntil drainEnd: MonotonicInstant, by deadline: MonotonicInstant) async {
    drain(.announcing)
    if drainEnd > .now() {
      await pause(until: min(drainEnd, deadline))
    } else {
      endPauses()
    }
    if let listener {
      listener.stopTaking()
      await pause(until: min(.now() + DrainStage.handshakeTime, deadline))
      listener.close()
      self.listener = nil
    }
    drain(.finishing)
    let last = loop.schedule(at: min(.now() + DrainStage.firstRequestTime, deadline)) { [weak self] in
      self?.assumeIsolated { $0.drain(.closing) }
    }
    await waitUntilEmpty(by: deadline)
    last.cancel()
    for connection in connections.values { connection.cut() }
    // Responders end soon after their tasks are cancelled; one that ignores it must not hold up the process.
    await waitUntilEmpty(by: .now() + .seconds(1))
    if !connections.isEmpty {
      logger.warning("requests still running after shutdown", metadata: ["count": "\(connections.count)"])
    }
  }

  private func drain(_ stage: DrainStage) {
    drainStage = max(drainStage, stage)
    for connection in connections.values { connection.drain(stage) }
  }

  /// Waits for an instant, or for `endPauses()`.
  private func pause(until end: MonotonicInstant) async {
    guard end > .now() else { return }
    let number = nextWaiter
    nextWaiter += 1
    let timer = loop.schedule(at: end) { [weak self] in
      self?.assumeIsolated { $0.pauses.removeValue(forKey: number)?.resume() }
    }
    await withCheckedContinuation { pauses[number] = $0 }
    timer.cancel()
  }

  private func endPauses() {
    let waiting = pauses
    pauses = [:]
    for waiter in waiting.values { waiter.resume() }
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
