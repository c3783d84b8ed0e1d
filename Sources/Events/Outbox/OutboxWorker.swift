internal import Concurrency
internal import EventLoops
internal import Logging
internal import ServiceKit
internal import Time
internal import Tracing

/// Does for one stream of an outbox what a ``RelayMachine`` decides, and tells it what came of it.
actor OutboxWorker: MachineExecutor {
  /// Where the rows go.
  struct Destination: Sendable {
    let system: String
    let name: String
    /// As ``OutboxRow/destination`` names it; nil takes every row.
    let id: String?
    /// The largest message, in bytes.
    let limit: Int
    /// Whether messages name the span that they are sent in.
    let isTraced: Bool
    /// The same as the destination itself says, if it does.
    let statedLimit: @Sendable (MonotonicInstant) async throws(BrokerError) -> Int?
    let send: @Sendable (OutgoingMessage, MonotonicInstant) async throws(BrokerError) -> String
  }

  /// The rows of a round, and what the broker said of them.
  private struct Claim {
    /// The fencing token.
    let token: Int64
    var rows: [Int64: OutboxRow] = [:]
    var errors: [Int64: BrokerError] = [:]
  }

  nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  private let store: OutboxStore
  private let destination: Destination
  private let settings: OutboxSettings
  private let signal: ChangeSignal
  private let bus: EventBus
  private let spans: Spans
  private let logger: Logger
  var machine: RelayMachine
  var life = ExecutorLife()
  private var claims: [Int: Claim] = [:]
  private var listening: Task<Void, Never>?
  private var counters = OutboxStatistics()
  private var pacing = WakePacing(jitter: Jitter(seed: .random(in: .min ... .max)))

  init(
    store: OutboxStore,
    destination: Destination,
    settings: OutboxSettings,
    signal: ChangeSignal,
    bus: EventBus,
    spans: Spans,
    logger: Logger
  ) {
    self.store = store
    self.destination = destination
    self.bus = bus
    self.spans = spans
    self.settings = settings
    self.signal = signal
    loop = signal.loop
    machine = RelayMachine(
      settings,
      destination: destination.id,
      jitter: Jitter(seed: .random(in: .min ... .max))
    )
    var logger = logger
    logger[metadataKey: "outbox"] = "\(store.stream.name)"
    self.logger = logger
  }

  // MARK: Life

  func start() {
    guard listening == nil else { return }
    listening = Task(executorPreference: loop) { await self.listen() }
    on(.started)
  }

  /// No further round begins; one in progress is not interrupted.
  func cancel() {
    listening?.cancel()
    on(.stopping)
  }

  func counts() -> OutboxStatistics { counters }

  func statistics(deadline: MonotonicInstant) async throws -> OutboxStatistics {
    let table = try await store.statistics(deadline: deadline)
    return table + counters
  }

  /// A generation is asked for before the table is looked at, so that nothing between the two is missed.
  private func listen() async {
    var generation = await signal.generation(of: store.stream.name)
    while !Task.isCancelled {
      await signal.wait(for: store.stream.name, after: generation, until: loop.now() + .seconds(3600))
      guard await signal.generation(of: store.stream.name) != generation else { continue }
      let pause = pacing.heard(at: loop.now())
      guard await loop.pause(for: pause) else { return }
      // What is heard from here on is looked at again.
      generation = await signal.generation(of: store.stream.name)
      guard !Task.isCancelled else { return }
      pacing.woken()
      on(.woken)
    }
  }

  // MARK: Actions

  func perform(_ action: RelayMachine.Action) {
    switch action {
    case .claim(let round, let limit, let prefersUntried, let deadline):
      let claim = Claim(token: .random(in: 1...Int64.max))
      claims[round] = claim
      Task(executorPreference: loop) { await self.claim(round, claim.token, limit, prefersUntried, deadline) }
    case .publish(let id, let round, let limit, let deadline):
      guard let row = claims[round]?.rows[id] else { return on(.notClaimed(round: round)) }
      Task(executorPreference: loop) {
        await self.publish(row, round, within: limit ?? self.destination.limit, before: deadline)
      }
    case .askLimit(let id, let round, let deadline):
      Task(executorPreference: loop) { await self.askLimit(id, round, deadline) }
    case .settle(let round, let settlement, let deadline):
      Task(executorPreference: loop) { await self.settle(round, settlement, deadline) }
    case .prune(let deadline):
      Task(executorPreference: loop) { await self.prune(deadline) }
    case .sleep(let instant): sleep(until: instant, then: .timer)
    case .stopped: end()
    }
  }

  private func claim(
    _ round: Int,
    _ token: Int64,
    _ limit: Int,
    _ prefersUntried: Bool,
    _ deadline: MonotonicInstant
  ) async {
    do {
      let rows = try await store.claim(
        limit: limit,
        claim: token,
        for: settings.claimDuration,
        prefersUntried: prefersUntried,
        deadline: deadline
      )
      pacing.looked(isEmpty: rows.isEmpty)
      claims[round] =
        rows.isEmpty
        ? nil
        : Claim(
          token: token,
          rows: Dictionary(rows.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        )
      on(
        .claimed(
          round: round,
          rows.map { RelayMachine.Row(id: $0.id, attempts: $0.attempts, destination: $0.destination) }
        )
      )
    } catch {
      databaseFailed(error)
      claims[round] = nil
      on(.notClaimed(round: round))
    }
  }

  /// In a span of the trace that the row belongs to, which the message takes along (docs/contract/platform.md §8.2).
  private func publish(_ row: OutboxRow, _ round: Int, within limit: Int, before deadline: MonotonicInstant)
    async
  {
    let destination = destination
    let name = store.stream.kind == .event ? "PUBLISH \(row.eventType)" : "PUBLISH"
    var size = 0
    do throws(BrokerError) {
      let id = try await spans.around(
        name,
        .producer,
        parent: row.span,
        operation: spans.operation(row.operation, module: store.stream.module)
      ) { (span) async throws(BrokerError) in
        span?.describe(system: destination.system, destination: destination.name, operation: "send")
        let message = self.outgoing(row, within: limit)
        size = message.size
        return try await destination.send(message, deadline)
      }
      counters.published += 1
      counters.lastError = nil
      await tellInTrace(row, id)
      on(.published(row: row.id, round: round))
    } catch {
      counters.failures += 1
      counters.lastError = "\(error)"
      claims[round]?.errors[row.id] = error
      on(.failed(row: row.id, round: round, error.kind, size: size))
    }
  }

  private func askLimit(_ row: Int64, _ round: Int, _ deadline: MonotonicInstant) async {
    do throws(BrokerError) {
      let limit = try await destination.statedLimit(deadline)
      on(.limitTold(row: row, round: round, limit: limit))
    } catch {
      claims[round]?.errors[row] = error
      on(.limitNotTold(row: row, round: round))
    }
  }

  private func outgoing(_ row: OutboxRow, within limit: Int) -> OutgoingMessage {
    // A row of a release that did not note its trace begins one.
    let span =
      !destination.isTraced
      ? nil : SpanContext.current ?? SpanContext(traceparent: TraceIDs.shared.traceparent())
    let (message, isShortened) = row.outgoing(store.stream.kind, in: span, within: limit)
    if isShortened {
      logger.warning(
        "outbox message shortened to fit the broker",
        metadata: metadata(row, "it is larger than \(limit) bytes")
      )
    }
    return message
  }

  /// Where somebody records, what the bus's subscribers do belongs to the trace of the row.
  private func tellInTrace(_ row: OutboxRow, _ messageID: String) async {
    guard let span = row.span, let operation = spans.operation(row.operation, module: store.stream.module)
    else {
      return await tell(row, messageID)
    }
    var context = InstrumentationContext(span: span)
    context.operation = operation
    await InstrumentationContext.withValue(context) { await self.tell(row, messageID) }
  }

  /// Has the bus hear of what the broker has taken. A subscriber's failure is its own.
  private func tell(_ row: OutboxRow, _ messageID: String) async {
    let message = PublishedMessage(
      module: store.stream.module,
      isAudit: store.stream.kind == .audit,
      type: row.eventType,
      record: row.record,
      messageID: messageID,
      message: row.message
    )
    do {
      try await bus.publish(message)
    } catch {
      logger.warning("a subscriber failed to handle a published event", metadata: ["reason": "\(error)"])
    }
  }

  private func settle(_ round: Int, _ settlement: RelayMachine.Settlement, _ deadline: MonotonicInstant) async
  {
    guard let claim = claims[round] else { return on(.notSettled(round: round)) }
    do {
      let marked = try await store.settle(
        stored(settlement, claim),
        claim: claim.token,
        deadline: deadline
      )
      counters.lostClaims += settlement.count - marked
      report(settlement, claim)
      claims[round] = nil
      on(.settled(round: round))
    } catch {
      databaseFailed(error)
      on(.notSettled(round: round))
      if !machine.isInProgress(round) { claims[round] = nil }
    }
  }

  private func stored(_ settlement: RelayMachine.Settlement, _ claim: Claim) -> OutboxStore.Settlement {
    OutboxStore.Settlement(
      published: settlement.published,
      setAside: settlement.setAside.map { ($0.row, reason($0, claim)) },
      postponed: settlement.postponed.map { row in
        (row.row, row.delay, row.attempts, claim.errors[row.row].map { "\($0)" })
      } + settlement.untried.map { ($0, .zero, 0, nil) }
    )
  }

  private func reason(_ row: RelayMachine.Settlement.SetAside, _ claim: Claim) -> String {
    switch row.cause {
    case .refused: claim.errors[row.row].map { "\($0)" } ?? "refused"
    case .misdirected(let meant):
      "it was meant for \(meant), and is never sent to \(destination.id ?? destination.name)"
    }
  }

  private func prune(_ deadline: MonotonicInstant) async {
    do {
      let count = try await store.prune(
        olderThan: settings.retention,
        limit: settings.pruneBatchSize,
        deadline: deadline
      )
      on(.pruned(count: count))
    } catch {
      databaseFailed(error)
      on(.notPruned)
    }
  }

  // MARK: Log

  private func databaseFailed(_ error: any Error) {
    counters.lastError = "\(error)"
    logger.warning(
      "the outbox cannot be read or updated: retrying with back-off",
      metadata: ["reason": "\(error)"]
    )
  }

  private func report(_ settlement: RelayMachine.Settlement, _ claim: Claim) {
    for row in settlement.setAside {
      guard let set = claim.rows[row.row] else { continue }
      logger.error("outbox message set aside", metadata: metadata(set, reason(row, claim)))
    }
    guard !settlement.postponed.isEmpty else { return }
    if settlement.isBrokerAway {
      return logger.warning(
        "the broker accepts no messages: retrying with back-off",
        metadata: ["reason": "\(counters.lastError ?? "")"]
      )
    }
    for row in settlement.postponed {
      guard let postponed = claim.rows[row.row], let error = claim.errors[row.row] else { continue }
      logger.warning(
        "outbox message not published: retrying with back-off",
        metadata: metadata(postponed, "\(error)")
      )
    }
  }

  private func metadata(_ row: OutboxRow, _ reason: String) -> Logger.Metadata {
    ["row": "\(row.id)", "eventType": "\(row.eventType)", "reason": "\(reason)"]
  }
}

extension RelayMachine: EventMachine {}
