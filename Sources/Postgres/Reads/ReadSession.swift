internal import DequeModule
internal import Time

/// What the read pipeline knows of one of its sessions.
struct ReadSession: Sendable, Equatable {
  /// A statement that was sent and is not answered.
  struct Sent: Sendable, Equatable {
    let id: StatementID
    let kind: StatementKind
    let time: MonotonicInstant
    let pace: StatementTimes.Pace
    /// Whether the server sends the answers of what came before without waiting for this one.
    let startsGroup: Bool
  }

  let number: SessionNumber
  let opened: MonotonicInstant
  /// When it is due for replacement.
  let expiry: MonotonicInstant
  var server: ServerIdentity?
  /// Nothing new is sent on it any more.
  var isRetired = false
  /// Whether the server is being told to stop what runs; nothing new is sent meanwhile.
  var isCancelling = false
  /// Cancel requests of which each may still hit a statement here, be it another than the one it was meant for.
  var unspentCancels = 0
  /// When what runs, of which nobody waits for the answer, is to be stopped.
  var cancelDue: MonotonicInstant?
  /// The statement that was stopped to make room, and is to be sent again.
  var preempted: StatementID?
  private(set) var inFlight = Deque<Sent>()
  /// Of those in flight, and in the batch.
  private(set) var slow = 0
  private(set) var unproven = 0
  /// When it last answered.
  var lastProgress: MonotonicInstant
  /// Whether what is first in flight had the session to itself.
  var isAlone = false
  /// What is to be sent at the end of this turn.
  private(set) var batch: [StatementID] = []
  private var slowInBatch = 0
  private var unprovenInBatch = 0

  init(_ number: SessionNumber, opened: MonotonicInstant, expiry: MonotonicInstant) {
    self.number = number
    self.opened = opened
    self.expiry = expiry
    lastProgress = opened
  }

  var load: Int { inFlight.count + batch.count }

  /// For how long its first statement has been running, as far as can be told from here: since the answer before, or since
  /// it can have reached the server. In nanoseconds.
  func running(_ latency: UInt64, at now: MonotonicInstant) -> UInt64 {
    guard let first = inFlight.first else { return 0 }
    let start = max(lastProgress.nanoseconds, first.time.nanoseconds &+ latency)
    return now.nanoseconds > start ? now.nanoseconds - start : 0
  }

  /// Since when its first statement may have been running.
  var started: MonotonicInstant { max(lastProgress, inFlight.first?.time ?? lastProgress) }

  /// Whether the first statement in flight is what the server runs: the answers of those that share its group may be
  /// withheld.
  var knowsWhatRuns: Bool { inFlight.count == 1 || (inFlight.count > 1 && inFlight[1].startsGroup) }

  mutating func addToBatch(_ id: StatementID, _ pace: StatementTimes.Pace) {
    batch.append(id)
    count(pace, 1)
    if pace == .slow { slowInBatch += 1 }
    if pace == .unproven { unprovenInBatch += 1 }
  }

  /// What is to be sent now. What is sent of it counts again.
  mutating func takeBatch() -> [StatementID] {
    slow -= slowInBatch
    unproven -= unprovenInBatch
    slowInBatch = 0
    unprovenInBatch = 0
    defer { batch = [] }
    return batch
  }

  mutating func append(_ sent: Sent) {
    if inFlight.isEmpty { isAlone = true }
    inFlight.append(sent)
    count(sent.pace, 1)
  }

  mutating func removeFirst() -> Sent? {
    guard let sent = inFlight.popFirst() else { return nil }
    count(sent.pace, -1)
    return sent
  }

  private mutating func count(_ pace: StatementTimes.Pace, _ change: Int) {
    switch pace {
    case .quick: break
    case .unproven: unproven += change
    case .slow: slow += change
    }
  }
}
