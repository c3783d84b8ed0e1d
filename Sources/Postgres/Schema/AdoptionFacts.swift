internal import Time

/// The questions of an ``AdoptionCheck``.
struct AdoptionFacts {
  struct Server {
    var database, user, version: String
    /// As `server_version_num` has it: 150008 is 15.8.
    var versionNumber: Int64
    var isStandby: Bool
  }

  struct Rights {
    var readsTable, writesTable, readsHistory, createsTables, ownsTable: Bool
  }

  struct Size {
    var rows: Int64
    /// With its unit.
    var text: String
    /// Of others in the same database.
    var sessions: Int64
  }

  /// Rows that are sorted to learn how fast this server is.
  private static let sampleRows: Int64 = 100_000
  /// Building an index writes it, and sorts more than the sample.
  private static let buildFactor = 2

  let database: PostgresDatabase
  let table: String
  let deadline: MonotonicInstant

  func server() async throws -> Server {
    let row = try await first(
      "adoption_server",
      """
      select current_database()::text, current_user::text, current_setting('server_version'),
        current_setting('server_version_num')::bigint, pg_is_in_recovery()
      """
    )
    return Server(
      database: try row.text(0),
      user: try row.text(1),
      version: try row.text(2),
      versionNumber: try row.int64(3),
      isStandby: try row.bool(4)
    )
  }

  /// Nil without the table.
  func rights() async throws -> Rights? {
    let rows = try await query(
      "adoption_rights",
      """
      select has_table_privilege(c.oid, 'select'),
        has_table_privilege(c.oid, 'insert') and has_table_privilege(c.oid, 'update')
          and has_table_privilege(c.oid, 'delete'),
        coalesce(has_table_privilege(to_regclass('flyway_schema_history'), 'select'), true),
        has_schema_privilege(current_schema(), 'create'), pg_has_role(c.relowner, 'usage')
      from pg_class c where c.oid = to_regclass($1)
      """,
      [.text(table)]
    )
    return try rows.first.map { row in
      Rights(
        readsTable: try row.bool(0),
        writesTable: try row.bool(1),
        readsHistory: try row.bool(2),
        createsTables: try row.bool(3),
        ownsTable: try row.bool(4)
      )
    }
  }

  func columns() async throws -> [(column: Adoption.Column, hasDefault: Bool)] {
    try await query(
      "adoption_columns",
      """
      select attname::text, format_type(atttypid, atttypmod), not attnotnull, atthasdef or attidentity <> ''
      from pg_attribute where attrelid = to_regclass($1) and attnum > 0 and not attisdropped order by attnum
      """,
      [.text(table)]
    ).map { row in
      (Adoption.Column(try row.text(0), try row.text(1), isNullable: try row.bool(2)), try row.bool(3))
    }
  }

  func size() async throws -> Size {
    let row = try await first(
      "adoption_size",
      """
      select (select count(*) from \(table)), pg_size_pretty(pg_total_relation_size('\(table)'::regclass)),
        (select count(*) from pg_stat_activity where datname = current_database() and application_name <> $1)
      """,
      [.text(database.configuration.applicationName)]
    )
    return Size(rows: try row.int64(0), text: try row.text(1), sessions: try row.int64(2))
  }

  /// How many there are, and the first of them.
  func violations(_ sql: String) async throws -> (total: Int64, shown: [String]) {
    let rows = try await query(
      "adoption_violations",
      "select count(*) over (), place from (\(sql)) violations (place) limit 20"
    )
    return (try rows.first?.int64(0) ?? 0, try rows.map { try $0.text(1) })
  }

  /// Those of these tables and indexes that exist.
  func existing(_ names: [String]) async throws -> [String] {
    try await query(
      "adoption_existing",
      "select name from unnest($1) name where to_regclass(name) is not null",
      [.textArray(names)]
    ).map { try $0.text(0) }
  }

  /// How long it takes about to build indexes, from how long it takes to sort some of the rows.
  func duration(ofBuilding orders: [String]) async throws -> Duration {
    var sum = Duration.zero
    let rows = try await first("adoption_rows", "select count(*) from \(table)").int64(0)
    for order in orders {
      let start = database.clock.now()
      _ = try await query(
        "adoption_sort",
        """
        select count(*) from (
          select 1 from (select * from \(table) limit \(Self.sampleRows)) sample order by \(order) offset 0) sorted
        """
      )
      let times = (rows + Self.sampleRows - 1) / Self.sampleRows
      sum += database.clock.now().duration(since: start) * Int(times) * Self.buildFactor
    }
    return sum
  }

  private func first(_ name: String, _ sql: String, _ parameters: [PostgresValue] = []) async throws
    -> PostgresRow
  {
    guard let row = try await query(name, sql, parameters).first else {
      throw PostgresError(.unexpectedData, statement: name)
    }
    return row
  }

  private func query(
    _ name: String,
    _ sql: String,
    _ parameters: [PostgresValue] = []
  ) async throws(PostgresError) -> PostgresRows {
    try await database.query(
      PostgresStatement(name: name, sql: sql, isPrepared: false),
      parameters,
      deadline: deadline
    )
  }
}
