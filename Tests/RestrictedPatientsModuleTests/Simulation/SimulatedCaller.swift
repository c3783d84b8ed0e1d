import Time

@testable import RestrictedPatientsModule

/// A request and the process that makes its change: it does what the machine decides, as ``ExternalChangeRunner`` does,
/// against the models.
final class SimulatedCaller {
  let operation: ExternalChange.Operation
  private unowned let world: ExternalChangeWorld
  private var change: ExternalChange
  private var row: Int?
  private var isAwaited = false
  private(set) var isOver = false
  /// Nothing of it happens before then.
  private var frozenUntil = MonotonicInstant(nanoseconds: 0)
  var state: ExternalChange.State? { change.state }

  init(_ operation: ExternalChange.Operation, in world: ExternalChangeWorld) {
    (self.operation, self.world) = (operation, world)
    change = ExternalChange(operation, before: world.now + .seconds(60), upstreamTimeout: .seconds(20))
  }

  func start() { happen(.requested) }

  /// The process is no more.
  func kill() { isOver = true }

  func freeze(for time: Duration) { frozenUntil = max(frozenUntil, world.now + time) }

  private func later(_ delay: Duration, _ body: @escaping () -> Void) {
    world.schedule(after: delay) { [self] in
      if isOver { return }
      if world.now < frozenUntil { return later(frozenUntil.duration(since: world.now), body) }
      body()
    }
  }

  private func happen(_ event: ExternalChange.Event) {
    guard let action = change.on(event, at: world.now) else { return }
    world.note { "\(operation) \(event) → \(action)" }
    switch action {
    case .intend(let pause, let lifetime, _): later(pause + world.trip()) { self.intend(lifetime) }
    case .check: later(world.trip()) { self.happen(self.world.random.chance(5) ? .refused : .checked) }
    case .ask(let deadline): ask(before: deadline)
    case .tell(let deadline): tell(before: deadline)
    case .record(let pause, let attempt, let settles, let deadline):
      later(pause + world.trip()) { self.record(attempt, settles, before: deadline) }
    case .refuse: end { $0.end(self.row ?? 0) }
    case .markUnknown: end { $0.markUnknown(self.row ?? 0) }
    case .answer, .settle: isOver = true
    case .giveUp: world.fail("an event that cannot come: \(event) in \(String(describing: change.state))")
    }
  }

  /// The last transaction; where it fails the row is left to its time.
  private func end(_ body: @escaping (inout ModelPatients) -> Void) {
    later(world.trip()) { [self] in
      if world.commits() != .refused { body(&world.patients) }
      isOver = true
    }
  }

  private func intend(_ lifetime: Duration) {
    let commit = world.commits()
    if commit == .refused { return happen(.refused) }
    let found = world.patients.intend(operation, lifetime: lifetime, isAwaited: isAwaited, at: world.now)
    later(world.trip()) { [self] in
      switch found {
      case .refused: happen(.refused)
      case .overtaken: happen(.overtaken)
      case .busy(let hasRecord):
        isAwaited = isAwaited || hasRecord
        happen(.busy)
      case .written(let id, let afterUnknown):
        row = id
        happen(commit == .uncertain ? .uncertain : .written(afterUnknown: afterUnknown))
      }
    }
  }

  private func ask(before deadline: MonotonicInstant) {
    later(world.trip()) { [self] in
      guard world.now < deadline, !world.random.chance(world.loss) else { return happen(.refused) }
      let has = world.upstream.has(operation)
      world.asked(operation)
      later(world.trip()) { self.happen(has ? .done : .absent) }
    }
  }

  /// The call may be lost, come late, or be made without an answer.
  private func tell(before deadline: MonotonicInstant) {
    let timeout = min(deadline, world.now + .seconds(20))
    world.told(operation, row)
    var answered = false
    func answer(_ event: ExternalChange.Event) {
      if answered { return }
      answered = true
      happen(event)
    }
    if !world.random.chance(world.loss) {
      // A release that comes through after one that was told later is for prison API to refuse.
      let isLate = operation == .add && world.random.chance(5)
      let delay = isLate ? .seconds(30) : world.trip()
      world.schedule(after: delay) { [self] in
        let isMade = world.upstream.tell(operation)
        if isMade, operation == .add { world.tellOfRelease() }
        if !isMade { world.knows(operation) }
        guard !world.random.chance(world.loss) else { return }
        later(world.trip()) {
          if isMade { self.world.knows(self.operation) }
          answer(isMade ? .done : .refused)
        }
      }
    }
    later(timeout.duration(since: world.now)) { answer(.unanswered(cause: "timed out")) }
  }

  private func record(_ attempt: Int, _ settles: Bool, before deadline: MonotonicInstant) {
    let commit = world.now < deadline ? world.commits() : .refused
    if commit == .refused { return later(world.trip()) { self.happen(.databaseAway) } }
    let recorded = world.patients.record(operation, row ?? 0, settlesEarlier: settles)
    if recorded == .now, !world.upstream.has(operation) {
      world.fail("a record that prison API does not have")
    }
    if recorded == .before, attempt == 1 { world.fail("a row has gone by itself") }
    later(world.trip()) { [self] in
      if commit == .uncertain { return happen(.databaseAway) }
      switch recorded {
      case .now, .before: happen(.committed)
      case .overtaken: happen(.overtaken)
      case .late: happen(.databaseFailed)
      }
    }
  }
}
