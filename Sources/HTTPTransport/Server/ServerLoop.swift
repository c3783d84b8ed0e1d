internal import EventLoops
internal import HTTPTypes
internal import Logging
internal import Time

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

  private var siblings: [ServerLoop] = []
  private var listener: Listener?
  private var drainStage = DrainStage.serving
  private var connections: [Int: ServerConnection] = [:]
  private var nextConnection = 0
  /// Clients that are told that there is no room, and have yet to hear it.
  private var turnedAway = 0
  /// More than these at once are closed without a word.
  private let maximumTurnedAway: Int
  private let held: HeldBytes
  private let newcomers = Newcomers()
  /// Who has been found dispensable; the next to go is the last.
  private var candidates: [ConnectionStanding.Candidate] = []
  /// Looks after a crowd, as long as there is one.
  private var sweep: ScheduledTimer?
  /// The most connections since memory was last given back.
  private var peak = 0
  private var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
  private var pauses: [Int: CheckedContinuation<Void, Never>] = [:]
  private var nextWaiter = 0

  /// - Parameter share: how many loops share the limits of the configuration.
  init(
    loop: EventLoop,
    configuration: HTTPServerConfiguration,
    tls: TLSContext?,
    share: Int,
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
    held = HeldBytes(limit: configuration.maximumHeldBytes / share)
    maximumTurnedAway = max(1, configuration.maximumTurnedAway / share)
    encoder = ResponseEncoder(
      gzipMinimumBytes: configuration.gzipMinimumBytes,
      gzipLevel: configuration.gzipLevel
    )
  }

  /// Makes the other loops of the server known.
  func join(_ all: [ServerLoop]) { siblings = all.filter { $0 !== self } }

  /// Starts to listen and accept.
  /// - Returns: the address, with the port the kernel chose if 0 was asked for.
  func listen(_ address: SocketAddress) throws(SystemError) -> SocketAddress {
    let listener = try Listener(
      address: address,
      backlog: configuration.backlog,
      silence: configuration.writeTimeout,
      loop: loop
    )
    self.listener = listener
    listener.isHeldUp = { [newcomers] in newcomers.areMany }
    listener.accept { [weak self] stream in
      guard let self else { return }
      // A stream is handed over with its region: nobody else holds it, and both sides are on this loop.
      nonisolated(unsafe) let stream = stream
      assumeIsolated { $0.accepted(stream) }
    }
    held.onExcess = { [weak self] in self?.assumeIsolated { $0.relieve() } }
    return listener.address
  }

  /// New connections use this context from now on; those that are open keep theirs.
  func replaceTLS(_ context: TLSContext) { tls = context }

  private func accepted(_ stream: ByteStream) {
    guard counters.admit(stream.remoteAddress, perPeer: configuration.maximumConnectionsPerPeer) else {
      turnAway(stream, "too many connections from this address")
      return
    }
    if counters.admit(maximum: configuration.maximumConnections) { return begin(stream) }
    if endMostDispensable(upTo: ConnectionStanding.lastStranger) {
      counters.admitInPlace()
      return begin(stream)
    }
    guard turnedAway < maximumTurnedAway else {
      counters.refuse(stream.remoteAddress)
      return stream.close()
    }
    turnedAway += 1
    // A stream is handed over with its region: nobody else holds it, and the task is on this loop.
    nonisolated(unsafe) let stream = stream
    Task(executorPreference: loop) { await self.findRoom(for: stream) }
  }

  /// Looks among the connections of all loops: for strangers first, then for known callers who wait.
  private func findRoom(for stream: ByteStream) async {
    for rank in [ConnectionStanding.lastStranger, .max] {
      for each in [self] + siblings where await each.endMostDispensable(upTo: rank) {
        turnedAway -= 1
        counters.admitInPlace()
        return begin(stream)
      }
    }
    turnedAway -= 1
    counters.refuse(stream.remoteAddress)
    turnAway(stream, "too many connections")
  }

  private func begin(_ stream: ByteStream) {
    let connection = ServerConnection(
      stream: stream,
      loop: loop,
      configuration: configuration,
      encoder: encoder,
      held: held,
      newcomers: newcomers,
      logger: logger,
      responder: responder
    )
    let number = nextConnection
    nextConnection += 1
    connections[number] = connection
    watchCrowd()
    if drainStage != .serving { connection.drain(drainStage) }
    connection.task = Task(executorPreference: loop) { await self.run(number) }
  }

  private func run(_ number: Int) async {
    guard let connection = connections[number] else { return }
    await connection.run(tls: tls)
    connections[number] = nil
    counters.leave(connection.remoteAddress)
    if connections.isEmpty { resumeWaiters() }
  }

  /// Says 503 to a connection too many. A TLS client is just closed.
  private func turnAway(_ stream: ByteStream, _ reason: String) {
    guard tls == nil, turnedAway < maximumTurnedAway else { return stream.close() }
    turnedAway += 1
    var response = configuration.errorResponse(.serviceUnavailable, reason)
    response.fields[.retryAfter] = "\(configuration.retryAfterSeconds)"
    encoder.encode(response, ResponseEncoder.Context(closes: true, now: loop.now()), to: &stream.outbound)
    stream.flushWithoutWaiting()
    // A stream is handed over with its region: nobody else holds it, and the task is on this loop.
    nonisolated(unsafe) let stream = stream
    Task(executorPreference: loop) { await self.finishTurningAway(stream) }
  }

  private func finishTurningAway(_ stream: ByteStream) async {
    await LingeringClose(isWithinBody: true, now: loop.now()).run(on: stream)
    stream.close()
    turnedAway -= 1
  }

  // MARK: Crowds

  /// More connections than these are a crowd, which is looked after.
  private static let crowd = 256
  private static let sweepInterval = Duration.milliseconds(500)
  /// How many are chosen at once: to choose takes a look at all.
  private static let choice = 64

  /// Ends the connection of this loop that can best be done without.
  /// - Parameter rank: nobody of a higher one goes.
  /// - Returns: whether there was one.
  func endMostDispensable(upTo rank: Int) -> Bool {
    for isFresh in [false, true] {
      if isFresh {
        let found = ConnectionStanding.mostDispensable(
          connections.lazy.map { ($0.key, $0.value.standing) },
          upTo: rank,
          limit: Self.choice
        )
        if !found.isEmpty { candidates = found }
      }
      while let candidate = candidates.last, candidate.rank <= rank {
        candidates.removeLast()
        guard let connection = connections[candidate.number], connection.standing.since == candidate.since,
          connection.standing.rank == candidate.rank, connection.giveWay()
        else { continue }
        counters.countEnded()
        return true
      }
    }
    return false
  }

  /// Ends connections that hold memory until what is held is within its limit.
  private func relieve() {
    while !held.isRelieved {
      let holders = ConnectionStanding.mostDispensable(
        connections.lazy.filter { $0.value.heldBytes > 0 }.map { ($0.key, $0.value.standing) },
        limit: Self.choice
      )
      var hasEnded = false
      for holder in holders.reversed() where !held.isRelieved {
        guard connections[holder.number]?.giveWay() ?? false else { continue }
        hasEnded = true
        counters.countEnded()
      }
      guard hasEnded else { return }
    }
  }

  private func watchCrowd() {
    peak = max(peak, connections.count)
    guard peak > Self.crowd, sweep == nil else { return }
    held.isCrowded = true
    sweep = loop.schedule(after: Self.sweepInterval) { [weak self] in self?.assumeIsolated { $0.sweepCrowd() }
    }
  }

  private func sweepCrowd() {
    sweep = nil
    for connection in connections.values { connection.weigh() }
    if connections.count < peak / 2 {
      peak = connections.count
      FreedMemory.giveBack()
    }
    held.isCrowded = peak > Self.crowd
    watchCrowd()
  }

  // MARK: Shutting down

  /// Goes through the stages of `DrainStage`.
  /// - Parameters:
  ///   - drainEnd: until when new connections are taken.
  ///   - deadline: when what is not done is cut.
  func shutdown(drainingUntil drainEnd: MonotonicInstant, by deadline: MonotonicInstant) async {
    drain(.announcing)
    if drainEnd > loop.now() {
      await pause(until: min(drainEnd, deadline))
    } else {
      endPauses()
    }
    if let listener {
      listener.stopTaking()
      let patience = DrainStage.handshakeTime(at: listener.address)
      await pause(until: min(loop.now() + patience, deadline))
      listener.close()
      self.listener = nil
    }
    drain(.finishing)
    let last = loop.schedule(at: min(loop.now() + DrainStage.firstRequestTime, deadline)) { [weak self] in
      self?.assumeIsolated { $0.drain(.closing) }
    }
    await waitUntilEmpty(by: deadline)
    last.cancel()
    for connection in connections.values { connection.cut() }
    // Responders end soon after their tasks are cancelled; one that ignores it must not hold up the process.
    await waitUntilEmpty(by: loop.now() + .seconds(1))
    siblings = []
    if !connections.isEmpty {
      logger.warning(
        "requests are still in flight after shutdown",
        metadata: ["count": "\(connections.count)"]
      )
    }
  }

  private func drain(_ stage: DrainStage) {
    drainStage = max(drainStage, stage)
    for connection in connections.values { connection.drain(stage) }
  }

  /// Waits for an instant, or for `endPauses()`.
  private func pause(until end: MonotonicInstant) async {
    guard end > loop.now() else { return }
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
    guard !connections.isEmpty, deadline > loop.now() else { return }
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
