import Postgres
internal import Time

/// The counts that triggers keep (docs/decisions/0022-counts-by-triggers.md).
extension NonAssociationsStore {
  /// How the counts stand.
  struct CountState: Equatable, Sendable {
    /// Whether every writer leaves its changes.
    var areCounting: Bool
    /// Whether the counts are of the table that is there.
    var areCounted: Bool
    /// Whether changes are there to be added up.
    var hasChanges: Bool
    /// Whether it is time to compare them with the rows.
    var isCheckDue: Bool
  }

  /// A condition: the counts are of this table. A restore makes another table of the same name.
  static let areCounted = """
    exists (select from non_association_count_base where table_oid = to_regclass('non_association')::oid)
    """

  /// A condition: all triggers are there and on.
  static let areCounting = """
    \(NonAssociationsModule.countTriggers.count) = (
      select count(*) from pg_trigger where tgrelid = to_regclass('non_association') and tgenabled in ('O', 'A')
        and tgname in (\(NonAssociationsModule.countTriggers.map { "'\($0.name)'" }.joined(separator: ", "))))
    """

  private static let countState = PostgresStatement(
    name: "counts_state",
    sql: """
      select \(areCounting), \(areCounted), exists (select from non_association_count_change),
        exists (select from non_association_count_base where checked_at < now() - interval '1 day')
      """
  )

  func countState(deadline: MonotonicInstant) async throws -> CountState {
    guard let row = try await database.query(Self.countState, deadline: deadline).first else {
      return CountState(areCounting: false, areCounted: false, hasChanges: false, isCheckDue: false)
    }
    return CountState(
      areCounting: try row.bool(0),
      areCounted: try row.bool(1),
      hasChanges: try row.bool(2),
      isCheckDue: try row.bool(3)
    )
  }

  /// Who changes the counts. Nobody waits for it: who does not get it leaves the work to whom has it.
  private static let isMine = "select pg_try_advisory_xact_lock(hashtext('non_association_count'))"

  /// Writers only append changes, and those that are not committed yet are not seen: so this waits for nobody, and nobody
  /// waits for it.
  private static let addUpChanges = PostgresStatement(
    name: "counts_add_up",
    sql: """
      with turn as materialized (\(isMine) as is_mine), taken as (
        delete from non_association_count_change where (select is_mine from turn)
        returning block, open_rows, closed_rows
      )
      insert into non_association_count as kept
      select block, sum(open_rows)::bigint, sum(closed_rows)::bigint from taken group by block
      on conflict (block) do update
      set open_rows = kept.open_rows + excluded.open_rows, closed_rows = kept.closed_rows + excluded.closed_rows
      """
  )

  func addUpCountChanges(deadline: MonotonicInstant) async throws {
    try await database.withTransaction(deadline: deadline) { transaction in
      _ = try await transaction.query(Self.addUpChanges)
    }
  }

  /// The table comes into it before the first row is locked, so that this and a `truncate` cannot wait for each other.
  private static let beginCounting = PostgresStatement(
    name: "counts_begin",
    sql: """
      select (\(isMine)) and \(areCounting) from (select count(*) from (select from non_association limit 1) one) one
      """
  )
  private static let forgetCounts = [
    PostgresStatement(name: "counts_forget", sql: "delete from non_association_count"),
    PostgresStatement(name: "counts_forget_changes", sql: "delete from non_association_count_change"),
    PostgresStatement(name: "counts_forget_base", sql: "delete from non_association_count_base"),
  ]
  private static let insertCounts = PostgresStatement(
    name: "counts_rows",
    sql: """
      insert into non_association_count
      select id >> \(NonAssociationsModule.countBlockBits), count(*) filter (where not is_closed),
        count(*) filter (where is_closed)
      from non_association group by 1
      """
  )
  private static let setBase = PostgresStatement(
    name: "counts_set_base",
    sql: "insert into non_association_count_base values (to_regclass('non_association')::oid)"
  )

  /// Counts all rows again. All of it sees one moment: the changes that are part of the rows counted are forgotten, later
  /// ones stay to be added up. It locks nothing that readers or writers ask for.
  /// - Returns: false if another process is at it, or not every writer leaves its changes.
  func countAnew(deadline: MonotonicInstant) async throws -> Bool {
    try await database.withTransaction(isolation: .repeatableRead, deadline: deadline) { transaction in
      guard try await transaction.query(Self.beginCounting).first?.bool(0) ?? false else { return false }
      for statement in Self.forgetCounts { try transaction.enqueue(statement) }
      try transaction.enqueue(Self.insertCounts)
      try transaction.enqueue(Self.setBase)
      return true
    }
  }

  /// From now on pages count rows, until all are counted again.
  func distrustCounts(deadline: MonotonicInstant) async throws {
    try await database.withTransaction(deadline: deadline) { transaction in
      try transaction.enqueue(Self.forgetCounts[2])
    }
  }

  private static let beginCheck = PostgresStatement(
    name: "counts_begin_check",
    sql: """
      update non_association_count_base set checked_at = clock_timestamp()
      where checked_at < now() - interval '1 day'
      """
  )
  private static let areRight = PostgresStatement(
    name: "counts_are_right",
    sql: """
      select (open_rows, closed_rows) = (
        select coalesce(sum(open_rows), 0), coalesce(sum(closed_rows), 0) from (
          select open_rows, closed_rows from non_association_count
          union all select open_rows, closed_rows from non_association_count_change) parts)
      from (
        select count(*) filter (where not is_closed) as open_rows, count(*) filter (where is_closed) as closed_rows
        from non_association) rows
      """
  )

  /// - Returns: whether the check is due, and from now on this process's.
  func takeCountCheck(deadline: MonotonicInstant) async throws -> Bool {
    try await database.withTransaction(deadline: deadline) { transaction in
      try await transaction.execute(Self.beginCheck) > 0
    }
  }

  /// Whether the counts say what the rows say, at one moment.
  func areCountsRight(deadline: MonotonicInstant) async throws -> Bool {
    try await database.query(Self.areRight, deadline: deadline).first?.bool(0) ?? false
  }
}
