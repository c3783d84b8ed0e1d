internal import Time

/// What opens connections for a process: one attempt at a time while the server does not answer, with growing pauses.
final class SimulatedConnector {
  private static let timeout = Duration.seconds(2)

  private unowned let replica: Replica
  private var failures = 0
  private(set) var isAway = false
  private var nextAttempt = MonotonicInstant(nanoseconds: 0)
  private var waiting: [(Bool) -> Void] = []
  private var isAttempting = false

  init(_ replica: Replica) { self.replica = replica }

  /// - Parameter completion: told whether the server answers; the connection is made at once then.
  func open(_ completion: @escaping (Bool) -> Void) {
    if failures == 0 { return attempt(completion) }
    waiting.append(completion)
    attemptWhenDue()
  }

  private func attemptWhenDue() {
    guard !isAttempting, !waiting.isEmpty else { return }
    isAttempting = true
    let next = waiting.removeFirst()
    let (world, ticket) = (replica.world, replica.ticket)
    world.schedule(at: nextAttempt) { [weak self] in
      guard let self else { return }
      replica.receive(ticket) { self.attempt(next) }
    }
  }

  private func attempt(_ completion: @escaping (Bool) -> Void) {
    let (world, ticket) = (replica.world, replica.ticket)
    let isSilent = world.faults.databaseAway == .silent
    let isReached = world.faults.databaseAway == .none && !world.random.chance(world.faults.loss)
    let duration = isSilent ? Self.timeout : world.trip() * 2
    world.schedule(after: duration) { [weak self] in
      guard let self else { return }
      replica.receive(ticket) { self.finish(isReached, isSilent, completion) }
    }
  }

  private func finish(_ isReached: Bool, _ isSilent: Bool, _ completion: (Bool) -> Void) {
    let world = replica.world
    isAttempting = false
    let others = waiting
    waiting = []
    if isReached {
      (failures, isAway) = (0, false)
      completion(true)
      for other in others { open(other) }
      return
    }
    failures += 1
    isAway = failures > 1 || isSilent
    let pause = failures < 2 ? Duration.zero : .milliseconds(25 << min(failures - 2, 5))
    nextAttempt = world.now + pause
    completion(false)
    for other in others { other(false) }
  }
}
