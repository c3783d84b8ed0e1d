internal import EventLoops
internal import Logging
internal import ServiceKit
internal import Time
internal import Tracing

/// Publishes one lane of an outbox, round by round: claim, publish, settle. Two rounds may be under way at once, so that
/// one slow call does not hold up what comes after it.
actor OutboxWorker {
  /// Where the rows go.
  struct Destination: Sendable {
    let system: String
    let name: String
    /// As ``OutboxRow/destination`` names it; nil takes every row.
    let id: String?
    /// The largest message, in bytes.
    let limit: Int
    /// The same as the destination itself says, if it does.
    let statedLimit: @Sendable (MonotonicInstant) async -> Int?
    let send: @Sendable (OutgoingMessage, MonotonicInstant) async throws(BrokerError) -> String
  }

  private enum Round {
    /// There may be more to do at once.
    case worked
    case idle
    /// The broker took nothing.
    case brokerFailed
    case databaseFailed
  }

  nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  private let store: OutboxStore
  private let destination: Destination
  private let settings: OutboxSettings
  private let wakeUps: WakeUps
  private let bus: EventBus
  private let spans: Spans
  private let logger: Logger
  private var counters = OutboxStatistics()
  private var nextPruning = MonotonicInstant(nanoseconds: 0)
  private var running: [Task<Void, Never>] = []

  init(
    store: OutboxStore,
    destination: Destination,
    settings: OutboxSettings,
    wakeUps: WakeUps,
    bus: EventBus,
    spans: Spans,
    logger: Logger
  ) {
    self.store = store
    self.destination = destination
    self.bus = bus
    self.spans = spans
    self.settings = settings
    self.wakeUps = wakeUps
    loop = wakeUps.loop
    var logger = logger
    logger[metadataKey: "outbox"] = "\(store.lane.name)"
    self.logger = logger
  }

  // MARK: Life

  private static let runners = 2

  func start() {
    guard running.isEmpty else { return }
    running = (0..<Self.runners).map { _ in Task(executorPreference: loop) { await self.run() } }
  }

  /// Ends the pauses; a round under way is not interrupted.
  func cancel() { for runner in running { runner.cancel() } }

  func finished() async { for runner in running { await runner.value } }

  private func run() async {
    var brokerBackOff = BackOff(initial: settings.initialBackOff, maximum: settings.maximumBackOff)
    // Short, because a restarted database must find the relay at work.
    var databaseBackOff = BackOff(initial: .milliseconds(50), maximum: .milliseconds(500))
    while !Task.isCancelled {
      let generation = await wakeUps.generation(of: store.lane.name)
      let isProbe = brokerBackOff.failures > 0
      // A task of its own, which the cancellation of this one does not reach.
      let round = await Task(executorPreference: loop) { await self.round(isProbe: isProbe) }.value
      if round != .databaseFailed { databaseBackOff.reset() }
      switch round {
      case .worked: brokerBackOff.reset()
      case .idle:
        let end = MonotonicInstant.now() + settings.pollInterval
        await wakeUps.wait(for: store.lane.name, after: generation, until: end)
      case .brokerFailed:
        let pause = brokerBackOff.next()
        let end = MonotonicInstant.now() + pause
        try? await Task.sleep(for: min(pause, settings.pollInterval))
        // Perhaps it is only one row that the broker does not take: the next that comes need not wait so long.
        await wakeUps.wait(for: store.lane.name, after: generation, until: end)
      case .databaseFailed: try? await Task.sleep(for: databaseBackOff.next())
      }
    }
  }

  // MARK: A round

  private func round(isProbe: Bool) async -> Round {
    let claim = Int64.random(in: 1...Int64.max)
    let claimEnd = MonotonicInstant.now() + settings.claimDuration
    do {
      let rows = try await store.claim(
        limit: isProbe ? settings.probeSize : settings.batchSize,
        claim: claim,
        for: settings.claimDuration,
        prefersUntried: isProbe,
        deadline: claimEnd
      )
      if rows.isEmpty {
        try await pruneWhenDue()
        return .idle
      }
      let outcomes = await publish(rows, until: claimEnd)
      await tell(outcomes)
      try await settle(outcomes, claim, until: claimEnd)
      try await pruneWhenDue()
      let isProgress = outcomes.contains { $1.isFinal }
      if !isProgress {
        logger.warning("nothing can be published", metadata: ["reason": "\(counters.lastError ?? "")"])
      }
      return isProgress ? .worked : .brokerFailed
    } catch {
      counters.lastError = "\(error)"
      logger.warning("the outbox's database failed", metadata: ["reason": "\(error)"])
      return .databaseFailed
    }
  }

  private func publish(_ rows: [OutboxRow], until claimEnd: MonotonicInstant) async -> [(
    OutboxRow, OutboxOutcome
  )] {
    let (timeout, loop, destination) = (settings.publishTimeout, loop, destination)
    let limit = max(1, settings.maximumInFlight / Self.runners)
    return await withTaskGroup(of: (OutboxRow, OutboxOutcome).self) { group in
      var outcomes: [(OutboxRow, OutboxOutcome)] = []
      for (index, row) in rows.enumerated() {
        if index >= limit, let outcome = await group.next() { outcomes.append(outcome) }
        group.addTask(executorPreference: loop) {
          // Sent after the claim has ended, it could overtake what another relay sends.
          let now = MonotonicInstant.now()
          guard now + timeout < claimEnd else { return (row, .untried) }
          if let meant = row.destination, let id = destination.id, meant != id {
            return (row, .misdirected(to: meant))
          }
          do throws(BrokerError) {
            return (row, .published(messageID: try await self.send(row, deadline: now + timeout)))
          } catch {
            return (row, .failed(error))
          }
        }
      }
      for await outcome in group { outcomes.append(outcome) }
      return outcomes
    }
  }

  /// In a span of the trace that the row belongs to, which the message takes along (`platform.md` §8.2).
  private func send(_ row: OutboxRow, deadline: MonotonicInstant) async throws(BrokerError) -> String {
    let (kind, destination) = (store.lane.kind, destination)
    let name = kind == .event ? "PUBLISH \(row.eventType)" : "PUBLISH"
    return try await spans.around(name, .producer, parent: row.span) { (span) async throws(BrokerError) in
      span?.describe(system: destination.system, destination: destination.name, operation: "send")
      let message = self.outgoing(row, within: destination.limit)
      do throws(BrokerError) {
        return try await destination.send(message, deadline)
      } catch {
        // A queue may be set to take less than others.
        guard error.kind == .refused, let limit = await destination.statedLimit(deadline),
          limit < message.size
        else { throw error }
        return try await destination.send(self.outgoing(row, within: limit), deadline)
      }
    }
  }

  private func outgoing(_ row: OutboxRow, within limit: Int) -> OutgoingMessage {
    let (message, isShortened) = row.outgoing(store.lane.kind, in: SpanContext.current, within: limit)
    if isShortened {
      logger.warning("message shortened", metadata: metadata(row, "it is larger than \(limit) bytes"))
    }
    return message
  }

  /// What was published must be marked, or it will be published again: so the database gets as many tries as the claim
  /// has time.
  private func settle(
    _ outcomes: [(OutboxRow, OutboxOutcome)],
    _ claim: Int64,
    until claimEnd: MonotonicInstant
  ) async throws {
    let settlement = settlement(of: outcomes)
    var pause = BackOff(initial: .milliseconds(20), maximum: .seconds(1))
    while true {
      do {
        let marked = try await store.settle(
          settlement,
          claim: claim,
          deadline: .now() + settings.claimDuration
        )
        counters.lostClaims += outcomes.count - marked
        return
      } catch {
        guard .now() < claimEnd else { throw error }
        try? await Task.sleep(for: pause.next())
      }
    }
  }

  private func settlement(of outcomes: [(OutboxRow, OutboxOutcome)]) -> OutboxStore.Settlement {
    let brokerWorks = outcomes.contains { if case .published = $1 { true } else { false } }
    var settlement = OutboxStore.Settlement()
    for (row, outcome) in outcomes {
      switch outcome {
      case .published:
        settlement.published.append(row.id)
        counters.published += 1
        counters.lastError = nil
      case .untried: settlement.postponed.append((row.id, .zero, 0, nil))
      case .misdirected(let meant):
        let reason = "it was meant for \(meant), and is never sent to \(destination.id ?? destination.name)"
        settlement.setAside.append((row.id, reason))
        logger.error("message set aside", metadata: metadata(row, reason))
      case .failed(let error):
        counters.failures += 1
        counters.lastError = "\(error)"
        if error.kind == .refused {
          settlement.setAside.append((row.id, "\(error)"))
          logger.error("message set aside", metadata: metadata(row, "\(error)"))
        } else {
          // While nothing gets through it is the broker's fault, and each row's next try is the broker's next try.
          let delay = brokerWorks ? retryDelay(row) : .zero
          if brokerWorks { logger.warning("message not published", metadata: metadata(row, "\(error)")) }
          settlement.postponed.append((row.id, delay, brokerWorks ? 1 : 0, "\(error)"))
        }
      }
    }
    return settlement
  }

  private func retryDelay(_ row: OutboxRow) -> Duration {
    BackOff(initial: settings.initialBackOff, maximum: settings.maximumBackOff).delay(failures: row.attempts)
  }

  /// Has the bus hear of what the broker has taken. A subscriber's failure is its own.
  private func tell(_ outcomes: [(OutboxRow, OutboxOutcome)]) async {
    for case (let row, .published(let messageID)) in outcomes {
      do {
        try await bus.publish(
          PublishedMessage(
            module: store.lane.module,
            isAudit: store.lane.kind == .audit,
            type: row.eventType,
            record: row.record,
            messageID: messageID,
            message: row.message
          )
        )
      } catch {
        logger.warning("a subscriber failed at what was published", metadata: ["reason": "\(error)"])
      }
    }
  }

  private func metadata(_ row: OutboxRow, _ reason: String) -> Logger.Metadata {
    ["row": "\(row.id)", "eventType": "\(row.eventType)", "reason": "\(reason)"]
  }

  // MARK: Housekeeping

  private func pruneWhenDue() async throws {
    guard nextPruning <= .now() else { return }
    let pruned = try await store.prune(
      olderThan: settings.retention,
      limit: settings.pruneBatchSize,
      deadline: .now() + settings.claimDuration
    )
    // A full batch means that there is more; it is deleted between rounds, so that events need not wait.
    if pruned < settings.pruneBatchSize { nextPruning = .now() + settings.pruneInterval }
  }

  func counts() -> OutboxStatistics { counters }

  func statistics(deadline: MonotonicInstant) async throws -> OutboxStatistics {
    let table = try await store.statistics(deadline: deadline)
    return table + counters
  }
}
