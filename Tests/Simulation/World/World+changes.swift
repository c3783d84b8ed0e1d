internal import RestrictedPatientsModule
internal import Time

/// Callers who all want to discharge or remove one prisoner, what prisoner search tells of that, and the person who looks
/// at what nobody knows.
extension World {
  func change(until end: MonotonicInstant) {
    guard now < end else { return }
    let replica = anyReplica()
    if replica.isUp { replica.receive(replica.ticket) { self.startChange(on: replica) } }
    let isAtOnce = random.chance(30)
    schedule(after: isAtOnce ? .milliseconds(10) : random.duration(.milliseconds(100), .seconds(4))) {
      [weak self] in self?.change(until: end)
    }
  }

  private func startChange(on replica: Replica) {
    // Most want what can be; whoever discharges a patient, or removes nobody, is refused.
    let operation: ExternalChangeOperation = random.chance(80) != patients.hasRecord ? .add : .remove
    let change = ChangeRunner(operation, on: replica)
    changes.append(change)
    change.start()
  }

  /// Tells prison API, which may not answer.
  func callUpstream(
    _ operation: ExternalChangeOperation,
    from replica: Replica,
    before deadline: MonotonicInstant,
    delay: Duration,
    then: @escaping (Reply<Bool>) -> Void
  ) {
    call(from: replica, to: .upstream, before: deadline, extraDelay: delay) { [self] answer in
      let isMade = upstream.tell(operation)
      if isMade, operation == .add {
        untoldReleases += 1
        tellOfRelease()
      }
      if !isMade { observe(.outcomeKnown(operation)) }
      answer(isMade)
    } then: {
      then($0)
    }
  }

  /// Prisoner search tells of a discharge after a while, again and again until it is taken.
  private func tellOfRelease() {
    schedule(after: random.duration(.milliseconds(100), .seconds(10))) { [self] in
      guard upstream.isInHospital else {
        untoldReleases -= 1
        return
      }
      let replica = anyReplica()
      guard replica.isUp else { return tellOfRelease() }
      var isOver = false
      let end = { (isTaken: Bool) in
        if isOver { return }
        isOver = true
        if isTaken {
          self.untoldReleases -= 1
        } else {
          self.tellOfRelease()
        }
      }
      schedule(after: .seconds(20)) { end(false) }
      replica.receive(replica.ticket) { self.hearRelease(replica) { end($0) } }
    }
  }

  private func hearRelease(_ replica: Replica, then: @escaping (Bool) -> Void) {
    replica.transaction(before: now + .seconds(8)) { [self] session, backend in
      guard database.lock(Self.patient, in: session) else { return .waiting }
      // Of one who has come back since, it tells too late.
      guard upstream.isInHospital else { return .done(true) }
      var patients = patients
      let isTaken = patients.hearRelease(at: now)
      backend.changedPatients = patients
      return .done(isTaken)
    } committed: { [self] isTaken, _ in
      if isTaken, upstream.isInHospital { observe(.outcomeKnown(.add)) }
    } then: { (ended: Replica.Ended<Bool>) in
      if case .committed(true) = ended { then(true) } else { then(false) }
    }
  }

  /// A person looks into prison API once nothing can come any more, and settles what it does not have: what it has, the
  /// next request records.
  func decide() {
    guard upstreamCalls == 0, untoldReleases == 0, changes.allSatisfy(\.isOver) else { return }
    for operation in ExternalChangeOperation.allCases
    where patients.outstanding(operation, at: now) && !upstream.has(operation) {
      patients.settle(operation)
      observe(.outcomeKnown(operation))
    }
  }
}
