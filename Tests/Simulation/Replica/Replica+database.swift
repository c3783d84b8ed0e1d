internal import Postgres
internal import Time

/// How a process uses the database: its leases for transactions, its sessions for reads.
extension Replica {
  /// What became of a transaction.
  enum Ended<Value> {
    case committed(Value)
    case failed
    /// Its COMMIT was sent, and nobody knows.
    case uncertain
  }

  /// How long a statement is waited for.
  private static let statementTimeout = Duration.seconds(5)
  /// ROLLBACK, and the answer to COMMIT, are waited for beyond a deadline.
  private static let lastWords = Duration.seconds(3)

  /// A session's first statement.
  func setUp(_ connection: SimulatedConnection?) {
    guard let connection else { return }
    let statement = ServerStatement(token: world.nextToken(), shape: 0, duration: .zero) {
      .rows($0.identity)
    }
    connection.send(SimulatedJob(statement, isText: true, before: world.now + .seconds(5), on: self))
    connection.endBatch()
  }

  /// BEGIN with a statement, and then COMMIT: locks are held in between.
  /// - Parameters:
  ///   - committed: runs on the server once it is committed, with what has changed.
  ///   - then: runs once, if it is still the same process.
  func transaction<Value: Sendable>(
    before deadline: MonotonicInstant,
    _ statement: @escaping (ModelDatabase.SessionID, ModelBackend) -> ModelDatabase.Outcome<Value>,
    committed: @escaping (Value, [Int64: ModelDatabase.Row?]) -> Void,
    then: @escaping (Ended<Value>) -> Void
  ) {
    let request = world.expect(self, before: deadline, lastWords: Self.lastWords, "a transaction")
    let end = { [world] (ended: Ended<Value>) in
      world.end(request)
      then(ended)
    }
    leases.request(before: deadline) { [weak self] lease in
      guard let self, let lease else { return end(.failed) }
      let stop = min(deadline, world.now + Self.statementTimeout)
      guard stop > world.now else {
        leases.giveBack(lease)
        return end(.failed)
      }
      let job = job(5, isWrite: true, before: stop) { backend in
        guard let session = backend.session else { return .failed }
        return switch statement(session, backend) {
        case .done(let value): .rows(value)
        case .waiting: .waiting
        case .noSession: .failed
        }
      } then: { [weak self] outcome in
        guard let self else { return }
        guard case .rows(let rows) = outcome, let value = rows as? Value, deadline > world.now else {
          return rollBack(lease) { end(.failed) }
        }
        commit(lease, before: deadline, value, committed, end)
      }
      leases.run(
        job,
        on: lease,
        after: [
          text(6, before: stop) {
            $0.begin()
          } then: { _ in
          }
        ]
      )
    }
  }

  private func commit<Value>(
    _ lease: SimulatedLeases.LeaseID,
    before deadline: MonotonicInstant,
    _ value: Value,
    _ committed: @escaping (Value, [Int64: ModelDatabase.Row?]) -> Void,
    _ end: @escaping (Ended<Value>) -> Void
  ) {
    guard leases.isUsable(lease) else {
      leases.giveBack(lease)
      return end(.failed)
    }
    let job = text(7, before: max(deadline, world.now + .seconds(1))) { [world] backend in
      // Of all moments this is the worst for a session to break.
      let breaks = world.phase == .chaos && world.random.chance(4)
      if breaks, world.random.chance(50) { backend.end(isTold: true) }
      guard let changes = backend.commit() else { return .rows(false) }
      committed(value, changes)
      if breaks { backend.end(isTold: true) }
      return .rows(true)
    } then: { [weak self] outcome in
      guard let self else { return }
      leases.giveBack(lease)
      switch outcome {
      case .rows(let isCommitted): end(isCommitted as? Bool == true ? .committed(value) : .failed)
      case .failed: end(.failed)
      case .unknown: end(world.plant == .commitAssumed ? .committed(value) : .uncertain)
      }
    }
    leases.run(job, on: lease)
  }

  private func rollBack(_ lease: SimulatedLeases.LeaseID, then: @escaping () -> Void) {
    if world.plant == .leaseLeak { return then() }
    guard leases.isUsable(lease), world.plant != .dirtyReturn else {
      leases.giveBack(lease)
      return then()
    }
    let job = text(8, before: world.now + .seconds(2)) {
      $0.abort()
    } then: { [weak self] _ in
      self?.leases.giveBack(lease)
      then()
    }
    leases.run(job, on: lease)
  }

  private func text(
    _ shape: Int,
    before deadline: MonotonicInstant,
    _ run: @escaping (ModelBackend) -> ServerStatement.Ran,
    then: @escaping (SimulatedJob.Outcome) -> Void
  ) -> SimulatedJob {
    let statement = ServerStatement(token: world.nextToken(), shape: shape, duration: .zero, run: run)
    return SimulatedJob(statement, isText: true, before: deadline, on: self, then)
  }

  private func job(
    _ shape: Int,
    isWrite: Bool,
    before deadline: MonotonicInstant,
    _ run: @escaping (ModelBackend) -> ServerStatement.Ran,
    then: @escaping (SimulatedJob.Outcome) -> Void
  ) -> SimulatedJob {
    let statement = ServerStatement(
      token: world.nextToken(),
      shape: shape,
      duration: world.random.duration(.microseconds(100), .milliseconds(2)),
      isWrite: isWrite,
      run: run
    )
    return SimulatedJob(statement, before: deadline, on: self, then)
  }
}
