internal import Text
public import Time

/// A transaction in progress, valid inside the body of `withTransaction` only.
public final class PostgresTransaction {
  private static let commitStatement = PostgresStatement(name: "commit", sql: "commit")
  private static let rollbackStatement = PostgresStatement(name: "rollback", sql: "rollback")

  /// When all of it must have ended.
  public let deadline: MonotonicInstant
  private let pool: LoopPool
  private let lease: LeasePool.LeaseID
  private let isolation: PostgresIsolation
  private let statementTimeout: Duration
  private let observer: (any PostgresObserver)?
  private(set) var notifications: Set<PostCommitNotifier.Notification> = []
  /// What the server, or the way to it, said against the first statement of it that failed, COMMIT included.
  private(set) var failure: PostgresError?
  /// What goes with the next statement, or with the commit.
  private var queued: [(statement: PostgresStatement, parameters: [PostgresValue])] = []
  private var hasBegun = false
  private var hasEnded = false

  init(
    pool: LoopPool,
    lease: LeasePool.LeaseID,
    isolation: PostgresIsolation,
    deadline: MonotonicInstant,
    statementTimeout: Duration,
    observer: (any PostgresObserver)?
  ) {
    self.pool = pool
    self.lease = lease
    self.isolation = isolation
    self.deadline = deadline
    self.statementTimeout = statementTimeout
    self.observer = observer
  }

  /// Runs one statement, after those that are queued and in one round trip with them. After one that failed, all that is
  /// left is to throw.
  /// - Throws: `PostgresError`, of a queued statement too.
  public func query(
    _ statement: PostgresStatement,
    _ parameters: [PostgresValue] = []
  ) async throws(PostgresError) -> PostgresRows {
    try check(statement, parameters)
    let now = pool.now()
    let end = min(deadline, now + statementTimeout)
    guard end > now else { throw PostgresError(.timedOut, statement: statement.name) }
    let (earlier, observedEarlier) = takeQueued(by: end)
    let observed = observedEarlier + [ObservedStatement(statement, observer, pool)]
    let job = StatementJob(statement, parameters, deadline: end)
    switch await pool.run(job, on: lease, after: earlier) {
    case .success(let rows):
      for each in observed { each?.ended() }
      return rows
    case .failure(let error):
      for each in observed { each?.ended(error) }
      failure = failure ?? error
      throw error
    }
  }

  /// Runs one statement and says how many rows it inserted, changed or deleted.
  /// - Throws: `PostgresError`.
  @discardableResult
  public func execute(
    _ statement: PostgresStatement,
    _ parameters: [PostgresValue] = []
  ) async throws(PostgresError) -> Int {
    try await query(statement, parameters).affectedRows
  }

  /// Runs one statement in one round trip with the next one, or with the commit: for what nobody needs to know more of
  /// than that it succeeded. If it fails nothing is committed, and the next statement or `withTransaction` throws its
  /// error.
  /// - Throws: `PostgresError` if it cannot be sent at all.
  public func enqueue(
    _ statement: PostgresStatement,
    _ parameters: [PostgresValue] = []
  ) throws(PostgresError) {
    try check(statement, parameters)
    queued.append((statement, parameters))
  }

  /// What has to be sent before the next statement: BEGIN, before the first, and what is queued.
  private func takeQueued(by end: MonotonicInstant) -> ([StatementJob], [ObservedStatement?]) {
    var jobs: [StatementJob] = []
    if !hasBegun {
      hasBegun = true
      jobs.append(StatementJob(isolation.begin, form: .text, deadline: end))
    }
    defer { queued = [] }
    jobs += queued.map { StatementJob($0.statement, $0.parameters, deadline: end) }
    return (jobs, queued.map { ObservedStatement($0.statement, observer, pool) })
  }

  private func check(
    _ statement: PostgresStatement,
    _ parameters: [PostgresValue]
  ) throws(PostgresError) {
    guard !hasEnded else {
      throw PostgresError(.misuse, statement: statement.name, detail: "the transaction has ended")
    }
    try ParameterEncoder.check(parameters, of: statement)
  }

  /// Notifies a channel once the transaction is committed; equal notifications of several transactions may be sent once.
  /// A process that dies just then sends none, so listeners must also look by themselves now and then.
  public func notify(_ channel: String, _ payload: String) {
    notifications.insert(PostCommitNotifier.Notification(channel: channel, payload: payload))
  }

  // MARK: Ending

  func commit() async throws(PostgresError) {
    hasEnded = true
    guard hasBegun || !queued.isEmpty else { return await pool.giveBack(lease) }
    if let obstacle = await pool.obstacle(lease) {
      await pool.giveBack(lease)
      throw obstacle
    }
    let now = pool.now()
    if Task.isCancelled || deadline <= now {
      await rollBack()
      throw PostgresError(Task.isCancelled ? .cancelled : .timedOut, statement: "commit")
    }
    // Once it is sent, knowing its outcome is worth a wait past the deadline.
    let end = max(deadline, now + .seconds(1))
    let (earlier, observed) = takeQueued(by: end)
    let job = StatementJob(Self.commitStatement, form: .text, deadline: end)
    let answer = await pool.run(job, on: lease, after: earlier, isCancellable: false)
    switch answer {
    case .success(let rows):
      for each in observed { each?.ended() }
      await pool.giveBack(lease)
      // The server's answer to COMMIT after a failed statement that the body ignored.
      guard rows.commandTag == "COMMIT" else {
        throw PostgresError(.transactionAborted, statement: "commit", detail: "an earlier statement failed")
      }
    case .failure(let error):
      for each in observed { each?.ended(error) }
      // What the server says against a statement before COMMIT has kept COMMIT from being run.
      let isRefused = error.sqlState != nil && error.statement != Self.commitStatement.name
      let isUnknown = !isRefused && (error.kind == .connectionLost || error.kind == .timedOut)
      let reported =
        isUnknown
        ? PostgresError(.commitUnknown, sqlState: error.sqlState, statement: "commit", detail: error.detail)
        : error
      failure = failure ?? reported
      // What failed may have been a statement before COMMIT, which leaves the transaction open.
      if isUnknown || earlier.isEmpty { await pool.giveBack(lease) } else { await rollBack() }
      throw reported
    }
  }

  func rollBack() async {
    hasEnded = true
    if hasBegun, await pool.obstacle(lease) == nil {
      let job = StatementJob(Self.rollbackStatement, form: .text, deadline: pool.now() + .seconds(2))
      _ = await pool.run(job, on: lease, isCancellable: false)
    }
    await pool.giveBack(lease)
  }
}

/// A lent connection outside any transaction that its user does not begin.
final class PostgresSession {
  private let pool: LoopPool
  private let lease: LeasePool.LeaseID
  /// When all of it must have ended.
  let deadline: MonotonicInstant

  init(pool: LoopPool, lease: LeasePool.LeaseID, deadline: MonotonicInstant) {
    self.pool = pool
    self.lease = lease
    self.deadline = deadline
  }

  func now() -> MonotonicInstant { pool.now() }

  /// Waits, by that clock.
  /// - Returns: false for a task that was cancelled.
  func pause(for duration: Duration) async -> Bool { await pool.pause(for: duration) }

  /// The server's process for the session, as whoever answered the connection told it.
  var toldProcessID: Int32 { get async { await pool.toldProcessID(lease) } }

  @discardableResult
  func query(
    _ statement: PostgresStatement,
    _ parameters: [PostgresValue] = []
  ) async throws(PostgresError) -> PostgresRows {
    try ParameterEncoder.check(parameters, of: statement)
    return try await pool.run(StatementJob(statement, parameters, deadline: deadline), on: lease).get()
  }

  /// Runs any number of statements, one transaction unless they say otherwise.
  func script(_ name: String, _ sql: String) async throws(PostgresError) {
    let statement = PostgresStatement(name: name, sql: sql)
    guard !sql.holdsNUL else { throw PostgresError(.invalidParameter, statement: name) }
    _ = try await pool.run(StatementJob(statement, form: .script, deadline: deadline), on: lease).get()
  }
}
