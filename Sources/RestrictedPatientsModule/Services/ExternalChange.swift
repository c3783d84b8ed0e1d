package import Time

/// A change that prison API and the database must both make, neither of which can undo the other's: which state it is in,
/// and what is done next. It decides only; ``ExternalChangeRunner`` does.
///
/// 1. In a short transaction a row is written, which keeps everybody else from doing the same: the change is *intended*.
///    Who finds another's row waits for the end of that change, and answers as it.
/// 2. Prison API is told, with no connection held: the change is *told*, *refused*, or its outcome is *unknown*.
/// 3. In a second transaction the record changes, its event is left in the outbox, and the row goes: it is *recorded*.
///
/// Prison API is known to have refused: the row goes and nothing has changed. Nobody knows (no answer in time, a broken
/// connection, a gateway's 502 or 504, an unreadable success): **the record does not change**, the caller gets the contract's
/// error, and the row stays, for `GET /restricted-patients/unknown-outcomes`. Whoever asks for the same again has prison API
/// asked first, which is never told twice without having been asked in between, and of a discharge never twice at all
/// (docs/contract/restricted-patients.md §14 rows 6, 8). The outcome is *settled* once prison API says that it has made the change, the event
/// arrives that the change causes, or a person decides.
package struct ExternalChange: Equatable, Sendable {
  /// For the record, whatever is left of the caller's time: prison API has made the change by then.
  static let recordingTime = Duration.seconds(10)
  static let notRecorded = "prison API has done it, but the record could not be changed"
  static let processEnded = UnknownOutcome.processEnded

  private static let recordingPauses = BackOff(
    initial: .milliseconds(50),
    maximum: .seconds(1),
    hasJitter: false
  )
  private static let waitingPauses = BackOff(
    initial: .milliseconds(20),
    maximum: .milliseconds(500),
    hasJitter: false
  )

  package let operation: Operation
  /// Nil until the row is written.
  package private(set) var state: State?
  /// When the caller must have an answer.
  private let deadline: MonotonicInstant
  /// For one call of an upstream, once there is a token for it.
  private let upstreamTimeout: Duration
  /// For a token.
  private let tokenTimeout: Duration
  /// When waiting for another's change is given up.
  private var waitEnd: MonotonicInstant?
  /// Nobody is asked or told anything from then on: the row, which keeps others out, outlives that and the record's time.
  private var stepsEnd: MonotonicInstant?
  /// When the record is given up.
  private var recordEnd: MonotonicInstant?
  private var isAfterUnknown = false
  /// How often another's row was there; then, how often the database was away.
  private var failures = 0

  /// - Parameters: as the properties.
  package init(
    _ operation: Operation,
    before deadline: MonotonicInstant,
    upstreamTimeout: Duration,
    tokenTimeout: Duration = .zero
  ) {
    (self.operation, self.deadline) = (operation, deadline)
    (self.upstreamTimeout, self.tokenTimeout) = (upstreamTimeout, tokenTimeout)
  }

  /// As its row has it, when those who made it are no longer there.
  init(_ operation: Operation, left state: State) {
    self.init(operation, before: MonotonicInstant(nanoseconds: .max), upstreamTimeout: .zero)
    self.state = state
  }

  /// The table of transitions: every pair of state and event is in it, or refused by it.
  /// - Returns: what to do.
  package mutating func on(_ event: Event, at now: MonotonicInstant) -> Action? {
    switch (state, event) {
    case (nil, .requested): intend(after: .zero, at: now)
    case (nil, .busy): wait(at: now)
    case (nil, .written(let isAfterUnknown)): begin(isAfterUnknown, at: now)
    case (nil, .uncertain): enter(.refused, .refuse)
    case (nil, .refused): enter(.refused, .answer)
    case (nil, .overtaken): enter(.settled, .answer)

    case (.intended, .checked): step(at: now) { .tell(before: $0) }
    case (.intended, .absent):
      operation.mayBeToldAgain ? step(at: now) { .check(before: $0) } : enter(.refused, .refuse)
    case (.intended, .refused): enter(.refused, .refuse)
    case (.intended, .unanswered(let cause)): enter(.unknown, .markUnknown(because: cause))
    case (.intended, .done): record(at: now)

    case (.told, .committed): enter(.recorded, .answer)
    case (.told, .overtaken): enter(.settled, .answer)
    case (.told, .databaseAway): recordAgain(at: now)
    case (.told, .databaseFailed): enter(.unknown, .markUnknown(because: Self.notRecorded))

    case (.intended, .expired), (.told, .expired):
      enter(.unknown, .markUnknown(because: Self.processEnded))
    case (.unknown, .decided(let settlement)): enter(.settled, .settle(settlement))

    default: .giveUp(state, event)
    }
  }

  private mutating func enter(_ next: State, _ action: Action) -> Action {
    state = next
    return action
  }

  // MARK: Before prison API is told

  private mutating func intend(after pause: Duration, at now: MonotonicInstant) -> Action {
    let start = now + pause
    // Two questions and the change itself, with the service's own token and the user's.
    let end = min(deadline, start + upstreamTimeout * 3 + tokenTimeout * 2)
    stepsEnd = end
    // The caller is answered a second before nobody listens.
    let patience = min(upstreamTimeout, deadline.duration(since: now) - .seconds(1))
    if waitEnd == nil { waitEnd = now + patience }
    let lifetime = max(end.duration(since: start), .zero) + Self.recordingTime * 2
    return .intend(after: pause, lifetime: lifetime, before: deadline)
  }

  private mutating func wait(at now: MonotonicInstant) -> Action {
    let pause = Self.waitingPauses.delay(failures: failures)
    guard let waitEnd, now + pause < waitEnd else { return enter(.refused, .answer) }
    failures += 1
    return intend(after: pause, at: now)
  }

  private mutating func begin(_ isAfterUnknown: Bool, at now: MonotonicInstant) -> Action {
    (state, self.isAfterUnknown, failures) = (.intended, isAfterUnknown, 0)
    return step(at: now) { isAfterUnknown ? .ask(before: $0) : .check(before: $0) }
  }

  /// A process that was frozen for so long that its row's time may have passed takes no further step.
  private mutating func step(at now: MonotonicInstant, _ action: (MonotonicInstant) -> Action) -> Action {
    guard let stepsEnd, now < stepsEnd else { return enter(.refused, .refuse) }
    return action(stepsEnd)
  }

  // MARK: Once prison API has made it

  private mutating func record(at now: MonotonicInstant) -> Action {
    guard let stepsEnd else { return .giveUp(state, .done) }
    // The row outlives that as well. A process that was frozen for longer must not touch what is another's by now.
    let end = min(now, stepsEnd) + Self.recordingTime
    guard now < end else { return enter(.unknown, .markUnknown(because: Self.notRecorded)) }
    recordEnd = end
    return enter(
      .told,
      .record(after: .zero, attempt: 1, settlesEarlier: isAfterUnknown, before: end)
    )
  }

  private mutating func recordAgain(at now: MonotonicInstant) -> Action {
    let pause = Self.recordingPauses.delay(failures: failures)
    guard let recordEnd, now + pause < recordEnd else {
      return enter(.unknown, .markUnknown(because: Self.notRecorded))
    }
    failures += 1
    return .record(
      after: pause,
      attempt: failures + 1,
      settlesEarlier: isAfterUnknown,
      before: recordEnd
    )
  }
}
