package import Time

/// What the relay of one outbox stream does next: claim rows, publish them, settle them, set aside, back off. It decides
/// only, and knows rows by their numbers; ``OutboxWorker`` does.
///
/// It works in rounds: rows are claimed, each is published, and what became of them is settled in one transaction. Two
/// rounds may be in progress at once, so that one slow call does not hold up what comes after it. A look at the table
/// begins after a notification, after a round that moved something, and after a pause.
package struct RelayMachine: Equatable, Sendable {
  /// What has happened.
  package enum Event: Equatable, Sendable {
    case started
    /// Rows were committed, or may have been.
    case woken
    /// - round: as ``Action/claim(round:limit:prefersUntried:before:)`` numbered it.
    case claimed(round: Int, [Row])
    /// The database has not claimed, or not said so.
    case notClaimed(round: Int)
    /// The broker has the row's message.
    case published(row: Int64, round: Int)
    /// - size: bytes of the message as it was sent.
    case failed(row: Int64, round: Int, BrokerError.Kind, size: Int)
    /// - limit: what the destination says that it takes; nil if it does not say.
    case limitTold(row: Int64, round: Int, limit: Int?)
    /// The destination could not be asked.
    case limitNotTold(row: Int64, round: Int)
    case settled(round: Int)
    /// The database has not settled, or not said so.
    case notSettled(round: Int)
    /// - count: rows that were deleted.
    case pruned(count: Int)
    case notPruned
    /// The instant of ``Action/sleep(until:)`` has come.
    case timer
    /// No further round begins; those in progress are finished.
    case stopping
  }

  /// What to do next.
  package enum Action: Equatable, Sendable {
    /// Claim rows for the outbox's claim duration, which counts from now.
    /// - round: names the claim in what follows.
    /// - prefersUntried: rows that never failed come first, rather than in the order of the outbox.
    case claim(round: Int, limit: Int, prefersUntried: Bool, before: MonotonicInstant)
    /// - within: bytes, where the destination takes less than others.
    case publish(row: Int64, round: Int, within: Int?, before: MonotonicInstant)
    /// Ask the destination how large a message may be.
    case askLimit(row: Int64, round: Int, before: MonotonicInstant)
    case settle(round: Int, Settlement, before: MonotonicInstant)
    /// Delete published rows that have been kept long enough.
    case prune(before: MonotonicInstant)
    /// Send ``Event/timer`` at this instant, and not at the one named before.
    case sleep(until: MonotonicInstant)
    /// Nothing is in progress any more, and nothing will be.
    case stopped
  }

  /// A claimed row.
  package struct Row: Equatable, Sendable {
    /// Its number in the outbox.
    package let id: Int64
    /// Attempts that failed while other rows got through.
    package let attempts: Int
    /// Where it was meant to go; nil for a row of a release that did not note it.
    package let destination: String?

    /// - Parameters: as the properties.
    package init(id: Int64, attempts: Int = 0, destination: String? = nil) {
      self.id = id
      self.attempts = attempts
      self.destination = destination
    }
  }

  /// Rounds in progress at once.
  static let maximumRounds = 2

  let settings: OutboxSettings
  /// What rows that go here name; nil takes every row.
  let destination: String?
  var jitter: Jitter
  var rounds: [RelayRound] = []
  var lastRound = 0
  var isStarted = false
  var isStopping = false
  var hasStopped = false
  /// Whether there may be rows that no claim has looked for.
  var isDue = false
  /// When the table is looked at without being due.
  var nextLook: MonotonicInstant?
  var brokerBackOff: BackOff
  /// Short, because a restarted database must find the relay at work.
  var databaseBackOff = BackOff(initial: .milliseconds(50), maximum: .milliseconds(500), hasJitter: false)
  /// No claim begins before: after the broker, and after the database, has failed.
  var brokerPause: MonotonicInstant?
  var databasePause: MonotonicInstant?
  /// When the broker last failed, since it last took a message.
  var brokerFailure: MonotonicInstant?
  /// When the broker last took a message.
  var lastPublished: MonotonicInstant?
  var isPruning = false
  /// nil until the table was looked at for the first time.
  var nextPruning: MonotonicInstant?
  /// The instant that was named last, until it has come.
  var timer: MonotonicInstant?

  /// - Parameters:
  ///   - destination: what rows that go here name; nil takes every row.
  ///   - jitter: for the pauses.
  package init(_ settings: OutboxSettings, destination: String?, jitter: Jitter) {
    self.settings = settings
    self.destination = destination
    self.jitter = jitter
    brokerBackOff = BackOff(
      initial: settings.initialBackOff,
      maximum: settings.maximumBackOff,
      hasJitter: false
    )
  }

  /// Takes notice of what has happened. An event that cannot be gives up its round, whose claim ends by itself.
  /// - Returns: what to do; ``next(at:)`` has what follows.
  package mutating func on(_ event: Event, at now: MonotonicInstant) -> Action? {
    switch event {
    case .started: (isStarted, isDue) = (true, true)
    case .woken: isDue = true
    case .timer: timer = nil
    case .stopping: isStopping = true
    case .claimed(let round, let rows): claimed(round, rows, at: now)
    case .notClaimed(let round): notClaimed(round, at: now)
    case .published(let row, let round):
      change(round) { $0.published(row) }
      lastPublished = now
    case .failed(let row, let round, let kind, let size): change(round) { $0.failed(row, kind, size: size) }
    case .limitTold(let row, let round, let limit): change(round) { $0.limitTold(row, limit) }
    case .limitNotTold(let row, let round): change(round) { $0.limitNotTold(row) }
    case .settled(let round): settled(round, at: now)
    case .notSettled(let round): notSettled(round, at: now)
    case .pruned(let count):
      isPruning = false
      databaseWorked()
      // A full batch means that there is more; it is deleted between rounds, so that events need not wait.
      nextPruning = count < settings.pruneBatchSize ? now + settings.pruneInterval : now
    case .notPruned:
      isPruning = false
      databaseFailed(at: now)
    }
    return next(at: now)
  }

  /// - Returns: what else to do; nil when there is nothing left until the next event.
  package mutating func next(at now: MonotonicInstant) -> Action? {
    for index in rounds.indices {
      if let action = step(index, at: now) { return action }
    }
    if isStopping { return stopped() }
    return prune(at: now) ?? claim(at: now) ?? sleep(at: now)
  }
}
