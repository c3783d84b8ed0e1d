internal import Postgres
internal import Time

/// Callers who read, now one after the other, now many in one turn of a process' loop, and do not always wait for the end.
final class ModelClient {
  /// Kinds 1 and 2 are always quick, 3 is never, 4 is once in a while slow, as some reads are.
  static let kinds = 1...4

  private unowned let world: World

  init(_ world: World) { self.world = world }

  /// - Parameter isQuick: whether nothing slow is asked for.
  func live(
    until end: MonotonicInstant,
    every pause: Duration = .milliseconds(400),
    isQuick: Bool = false
  ) {
    guard world.now < end else { return }
    let replica = world.anyReplica()
    let count = world.random.chance(30) ? 1 + world.random.number(below: 8) : 1
    if replica.isUp {
      replica.receive(replica.ticket) { for _ in 0..<count { self.ask(replica, isQuick) } }
    }
    world.schedule(after: world.random.duration(.milliseconds(1), pause)) { [weak self] in
      self?.live(until: end, every: pause, isQuick: isQuick)
    }
  }

  private func duration(of kind: Int) -> Duration {
    let isSlow = kind == 3 || (kind == 4 && world.random.chance(8))
    return isSlow
      ? world.random.duration(.milliseconds(30), .seconds(2))
      : world.random.duration(.microseconds(100), .milliseconds(2))
  }

  private func ask(_ replica: Replica, _ isQuick: Bool) {
    let chance = world.random.number(below: isQuick ? 7 : 10)
    let kind = chance < 7 ? 1 + chance % 2 : chance == 7 ? 3 : 4
    let statement = ServerStatement(token: world.nextToken(), shape: kind, duration: duration(of: kind)) {
      .rows($0.demotedAt)
    }
    let deadline = world.now + world.random.duration(.seconds(2), .seconds(8))
    let request = world.expect(replica, before: deadline, "a read")
    let (start, phase, begin) = (replica.freeTime, world.phase, world.now)
    let job = SimulatedJob(statement, before: deadline, on: replica) { [world] outcome in
      world.end(request)
      if world.phase != phase { return }
      if case .rows(let value) = outcome {
        if kind <= 2, phase == .calm {
          let waited = replica.freeTime - start
          world.observe(.read(token: statement.token, own: statement.duration, waited: waited))
        }
        if phase == .switched, let demoted = value as? MonotonicInstant {
          world.observe(.stale(token: statement.token, for: begin.duration(since: demoted)))
        }
      } else if kind <= 2, phase == .calm {
        world.observe(.readFailed(token: statement.token))
      }
    }
    world.note { "replica \(replica.index) read \(statement.token) of kind \(kind), \(statement.duration)" }
    replica.reads.submit(job)
    if kind > 2, world.random.chance(20) { leave(job, replica) }
  }

  /// A caller who does not wait.
  private func leave(_ job: SimulatedJob, _ replica: Replica) {
    let ticket = replica.ticket
    world.schedule(after: world.random.duration(.zero, .milliseconds(300))) {
      replica.receive(ticket) { replica.reads.abandon(job) }
    }
  }
}
