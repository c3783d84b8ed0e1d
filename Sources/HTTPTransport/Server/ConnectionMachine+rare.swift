internal import Time

/// What happens to few connections, or from outside.
extension ConnectionMachine {
  mutating func onRare(_ event: Event, at now: MonotonicInstant) -> Action {
    switch (phase, event) {
    case (.securing, .broken), (.securing, .timedOut): return end()
    case (.lookingForInput, .input(let isThere)): return isThere ? receive(hasInput: false, at: now) : end()
    case (.receiving(isIdle: false), .timedOut): return refuse(.timeout)
    case (.receiving, .timedOut), (.receiving, .inputEnded), (.receiving, .broken): return end()
    case (.discardingReceived, .receivedDiscarded(let remainder)): return discarded(remainder)
    case (.discardingRest, .restDiscarded(let isComplete, let isCutShort)):
      return restDiscarded(isComplete: isComplete, isCutShort: isCutShort)
    case (.encodingRefusal, .encoded): return flush(then: .close(lingering: true, isWithinBody: true))
    case (.flushing(let after), .taken(let bytes, let left)):
      return taken(bytes, left: left, then: after, at: now)
    case (.lettingOthers, .turn): return look()
    default: return end()
    }
  }

  private mutating func discarded(_ remainder: BodyRemainder) -> Action {
    self.remainder = remainder
    switch remainder {
    case .none, .pending: break
    case .unreadable: keepsAlive = false
    case .malformed(let reason): return refuse(.badRequest(reason))
    }
    return encode()
  }

  private mutating func restDiscarded(isComplete: Bool, isCutShort: Bool) -> Action {
    if head.isServerWide {
      // The body of `OPTIONS *` goes before its answer.
      if isCutShort { return refuse(.badRequest("the connection ended within the body")) }
      if !isComplete {
        remainder = .unreadable
        keepsAlive = false
      }
      return encode()
    }
    return isComplete ? look() : flush(then: .close(lingering: true, isWithinBody: true))
  }

  // MARK: A slow client

  mutating func beginSlowly(at now: MonotonicInstant) -> Action {
    activityBeforeSending = activity
    activity = .sending
    since = now
    let pace = TransferPace(
      start: now,
      patience: settings.writeTimeout,
      bytesPerSecond: settings.minimumBytesPerSecond
    )
    self.pace = pace
    return .flushSome(before: pace.deadline)
  }

  private mutating func taken(
    _ bytes: Int,
    left: Int,
    then after: AfterFlush,
    at now: MonotonicInstant
  ) -> Action {
    guard var pace else { return end() }
    since = now
    pace.note(bytes, now: now)
    guard left == 0 else {
      self.pace = pace
      return .flushSome(before: pace.deadline)
    }
    self.pace = nil
    activity = activityBeforeSending
    return goOn(after, at: now)
  }

  // MARK: From outside

  mutating func onOutside(_ event: Event, at now: MonotonicInstant) -> Action? {
    switch event {
    case .drain(let stage, let hasUnreadInput):
      drainStage = max(drainStage, stage)
      guard phase == .receiving(isIdle: true), drainStage.closesIdle(hasServed: hasServed), !hasUnreadInput
      else { return nil }
      return end()
    case .roomIsNeeded(let hasUnreadInput):
      // It is what a client that waited its turn sends, and the loop is what is late.
      let isUnheard = phase == .receiving(isIdle: true) || (activity == .readingHead && headDeadline == nil)
      return isUnheard && hasUnreadInput ? nil : end()
    case .overdue(let isReadingBody):
      // The body's own wait ends now too; its reader answers with 408.
      guard !isReadingBody else { return .setRequestTimer(at: now + .seconds(1)) }
      guard phase == .answering else { return nil }
      phase = .ended
      return .expire
    case .cut: return end()
    default: return end()
    }
  }
}
