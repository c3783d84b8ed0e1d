internal import Time

/// What one client's connection does next (RFC 9112 §9): when to read, to have a request answered, to send, to linger, and
/// to end. It is told what has happened and says what to do; it has neither socket nor clock, so that each way through
/// it can be tried as a list of events and actions. `ServerConnection` carries the actions out.
struct ConnectionMachine: Sendable, Equatable {
  /// What follows once everything ready has been sent.
  enum AfterFlush: Sendable, Equatable {
    case receive(hasInput: Bool)
    case discardRest
    case letOthers
    case close(lingering: Bool, isWithinBody: Bool)
  }

  enum Phase: Sendable, Equatable {
    case securing
    case looking
    case flushing(AfterFlush)
    case lookingForInput
    case receiving(isIdle: Bool)
    case waitingForTurn
    case answering
    case discardingReceived
    case encoding
    case encodingRefusal
    case discardingRest
    case lettingOthers
    case lingering
    case ended
  }

  let settings: Settings
  var phase = Phase.looking
  var activity = ConnectionStanding.Activity.readingHead
  /// Since when it has been at it, or has last got on with it.
  var since: MonotonicInstant
  /// Whether a request of this connection brought a token that was good.
  var isKnown = false
  /// Whether a request has come.
  var hasServed = false
  var drainStage = DrainStage.serving
  /// Until when the head must be complete of which some bytes have come.
  var headDeadline: MonotonicInstant?
  /// The request that is being answered.
  var head = Head()
  /// Until when it must be answered.
  var requestDeadline: MonotonicInstant
  var keepsAlive = true
  var remainder = BodyRemainder.none
  /// Answers that are ready and have not been sent.
  var unsentAnswers = 0
  var activityBeforeSending = ConnectionStanding.Activity.working
  /// How fast the client takes what is sent, if it does not take it at once.
  var pace: TransferPace?

  init(_ settings: Settings, at now: MonotonicInstant) {
    self.settings = settings
    since = now
    requestDeadline = now
  }

  var standing: ConnectionStanding { ConnectionStanding(activity: activity, isKnown: isKnown, since: since) }
  var isEnded: Bool { phase == .ended }

  /// - Returns: what to do next; the event that comes of it is told in turn. nil when there is nothing to do, as after the
  ///   end, or when an event from outside changes nothing now. What can not happen ends this one connection.
  @inline(__always)
  mutating func on(_ event: Event, at now: MonotonicInstant) -> Action? {
    switch (phase, event) {
    case (.ended, _): nil
    case (_, .drain), (_, .roomIsNeeded), (_, .overdue), (_, .cut): onOutside(event, at: now)
    case (.looking, .opened(let isEncrypted)): opened(isEncrypted, at: now)
    case (.securing, .secured): look()
    case (.looking, .head(let head, let isCrowded)): received(head, isCrowded: isCrowded, at: now)
    case (.looking, .noHead(let hasInput)): flush(then: .receive(hasInput: hasInput))
    case (.looking, .refused(let refusal)): refuse(refusal)
    case (.waitingForTurn, .turn): answer(at: now)
    case (.answering, .answered(let asksToClose, let isAuthenticated)):
      answered(asksToClose: asksToClose, isAuthenticated: isAuthenticated)
    case (.encoding, .encoded(let bytes, let hasInput)): encoded(bytes, hasInput: hasInput)
    case (.flushing(let after), .flushed(let left)):
      left == 0 ? goOn(after, at: now) : beginSlowly(at: now)
    case (.receiving, .received): look()
    default: onRare(event, at: now)
    }
  }

  private mutating func opened(_ isEncrypted: Bool, at now: MonotonicInstant) -> Action {
    guard isEncrypted else { return look() }
    phase = .securing
    return .secure(before: now + settings.headerReadTimeout)
  }

  mutating func look() -> Action {
    phase = .looking
    return .parse
  }

  mutating func end() -> Action {
    phase = .ended
    return .end
  }

  // MARK: Answering

  /// In a crowd, strangers' requests are answered one at a time, each stranger in turn, after those of known callers.
  private mutating func received(_ head: Head, isCrowded: Bool, at now: MonotonicInstant) -> Action {
    self.head = head
    headDeadline = nil
    guard isCrowded, !isKnown else { return answer(at: now) }
    since = now
    phase = .waitingForTurn
    guard hasServed else {
      // It may be a probe, or bring a token: it goes before further requests of others, and keeps its place.
      activity = .working
      return .waitForTurn(.newcomer)
    }
    activity = .queued
    return .waitForTurn(.further)
  }

  private mutating func answer(at now: MonotonicInstant) -> Action {
    hasServed = true
    activity = .working
    keepsAlive = head.keepsAlive
    remainder = .none
    requestDeadline = now + settings.requestTimeout
    if head.isServerWide, head.hasBody {
      phase = .discardingRest
      return .discardRest
    }
    guard !head.isServerWide else { return encode() }
    phase = .answering
    return .answer(before: requestDeadline)
  }

  private mutating func answered(asksToClose: Bool, isAuthenticated: Bool) -> Action {
    if asksToClose { keepsAlive = false }
    if isAuthenticated { isKnown = true }
    guard head.hasBody else { return encode() }
    phase = .discardingReceived
    return .discardReceived
  }

  mutating func encode() -> Action {
    phase = .encoding
    if drainStage.announcesEnd { keepsAlive = false }
    return .encode(closes: !keepsAlive)
  }

  private mutating func encoded(_ bytes: Int, hasInput: Bool) -> Action {
    unsentAnswers += 1
    guard keepsAlive else {
      let isWithinBody = remainder != .none
      // A client that asked for the end sends nothing more.
      let lingering = head.keepsAlive || isWithinBody || hasInput
      return flush(then: .close(lingering: lingering, isWithinBody: isWithinBody))
    }
    if remainder == .pending { return flush(then: .discardRest) }
    let isMuch =
      unsentAnswers >= settings.maximumPipelinedResponses || bytes > settings.maximumUnsentBytes
    return isMuch ? flush(then: .letOthers) : look()
  }

  /// What the server itself says ends the connection; what the client sent behind it is never looked at.
  mutating func refuse(_ refusal: RequestRefusal) -> Action {
    keepsAlive = false
    phase = .encodingRefusal
    return .refuse(refusal)
  }

  // MARK: Sending and receiving

  mutating func flush(then after: AfterFlush) -> Action {
    phase = .flushing(after)
    return .flush
  }

  mutating func goOn(_ after: AfterFlush, at now: MonotonicInstant) -> Action {
    unsentAnswers = 0
    switch after {
    case .receive(let hasInput):
      if !hasInput, drainStage.closesIdle(hasServed: hasServed) {
        phase = .lookingForInput
        return .lookForInput
      }
      return receive(hasInput: hasInput, at: now)
    case .discardRest:
      phase = .discardingRest
      return .discardRest
    case .letOthers:
      phase = .lettingOthers
      return .waitForTurn(.spare)
    case .close(let lingering, let isWithinBody):
      activity = .ending
      since = now
      guard lingering else { return end() }
      phase = .lingering
      return .linger(LingeringClose(isWithinBody: isWithinBody, now: now))
    }
  }

  mutating func receive(hasInput: Bool, at now: MonotonicInstant) -> Action {
    phase = .receiving(isIdle: !hasInput)
    guard hasInput else {
      activity = .idle
      since = now
      return .receive(before: now + settings.idleTimeout, isIdle: true)
    }
    activity = .readingHead
    if headDeadline == nil { since = now }
    let deadline = headDeadline ?? now + settings.headerReadTimeout
    headDeadline = deadline
    return .receive(before: deadline, isIdle: false)
  }
}
