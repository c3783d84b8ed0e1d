internal import Time

/// What goes wrong, at the bidding of the seed.
extension World {
  func disturb(until end: MonotonicInstant) {
    guard now < end else { return }
    switch random.number(below: 18) {
    case 0, 1: faults = changed { Faults.chaos(&$0) }
    case 2: anyReplica().crash(for: random.duration(.milliseconds(100), .seconds(20)))
    case 3, 4: anyReplica().freeze(for: random.duration(.milliseconds(100), .seconds(40)))
    case 5: anyReplica().stopGracefully()
    case 6, 7: loseBroker()
    case 8: loseDatabase()
    case 9: loseUpstream()
    case 10: upstream.refuses.toggle()
    case 11: random.chance(30) ? server.switchOver() : server.breakOne()
    case 12: server.changeTables()
    case 13: decide()
    case 14: server.freezeOne(for: random.duration(.milliseconds(300), .seconds(8)))
    case 15:
      // Forwards no further than a claim has time to spare: a claim ends by the server's clock, and what was sent just
      // before such a jump would come after what another relay sends.
      clock.jumps = max(.seconds(-30), clock.jumps + random.duration(.seconds(-30), .seconds(4)))
      note { "the server's clock jumps" }
    default:
      broker.duplicate(on: Self.queue, at: now) { random.number(below: $0) }
      servePolls()
    }
    schedule(after: random.duration(.milliseconds(100), .seconds(2))) { [weak self] in
      self?.disturb(until: end)
    }
  }

  /// Another minute of chaos, with the outages that there are.
  private func changed(_ make: (inout Seed) -> Faults) -> Faults {
    var next = make(&random)
    (next.brokerAway, next.databaseAway) = (faults.brokerAway, faults.databaseAway)
    (next.upstreamAway, next.databaseReturns) = (faults.upstreamAway, faults.databaseReturns)
    note { "loss \(next.loss) %, delay \(next.delay)" }
    return next
  }

  private func outage() -> (kind: Faults.Outage, duration: Duration) {
    (random.chance(50) ? .refusing : .silent, random.duration(.milliseconds(500), .seconds(12)))
  }

  private func loseBroker() {
    let (kind, duration) = outage()
    faults.brokerAway = kind
    note { "the broker is away" }
    schedule(after: duration) { [weak self] in self?.faults.brokerAway = .none }
  }

  private func loseUpstream() {
    let (kind, duration) = outage()
    faults.upstreamAway = kind
    note { "prison API is away" }
    schedule(after: duration) { [weak self] in self?.faults.upstreamAway = .none }
  }

  private func loseDatabase() {
    if faults.databaseAway != .none { return }
    let (kind, duration) = outage()
    (faults.databaseAway, faults.databaseReturns) = (kind, now + duration)
    note { "the database is away" }
    if kind == .refusing { server.restart() }
    schedule(after: duration) { [weak self] in self?.faults.databaseAway = .none }
  }
}
