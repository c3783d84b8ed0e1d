internal import Time

/// The tables that say which migrations a database has had: the gateway's own, and the one that Flyway left.
struct SchemaHistory {
  private let session: PostgresSession
  private let module: String

  init(session: PostgresSession, module: String) {
    self.session = session
    self.module = module
  }

  /// One lock for all modules: they share the history table. The number is the text `gateway1`.
  private static let lockStatement = PostgresStatement(
    name: "migration_lock",
    sql: "select pg_advisory_lock(x'6761746577617931'::bigint)"
  )
  private static let unlockStatement = PostgresStatement(
    name: "migration_unlock",
    sql: "select pg_advisory_unlock(x'6761746577617931'::bigint)"
  )
  private static let existsStatement = PostgresStatement(
    name: "table_exists",
    sql: "select to_regclass($1) is not null"
  )
  private static let appliedStatement = PostgresStatement(
    name: "migrations_applied",
    // By way of JSON, because the columns of the oldest program are there only once a migration has needed them.
    sql: """
      select version, name, checksum, to_jsonb(h) ->> 'oldest_schema_version', to_jsonb(h) ->> 'oldest_release'
      from gateway_schema_history h where module = $1
      """
  )
  private static let flywayStatement = PostgresStatement(
    name: "flyway_applied",
    sql: """
      select version::text, success, coalesce(to_jsonb(h) ->> 'type', 'SQL') from flyway_schema_history h
      where version is not null order by installed_rank
      """
  )
  private static let checksumStatement = PostgresStatement(
    name: "migration_checksums",
    sql: """
      select encode(sha256(convert_to(sql, 'UTF8')), 'hex')
      from unnest($1) with ordinality as list (sql, position) order by position
      """
  )
  private static let recordStatement = PostgresStatement(
    name: "migration_record",
    sql: """
      insert into gateway_schema_history (module, version, name, checksum, origin)
      values ($1, $2, $3, encode(sha256(convert_to($4, 'UTF8')), 'hex'), $5)
      """
  )
  /// $1: the module; $2 to $5: kinds and names of what migrations added to tables, these tables, and the migrations' versions;
  /// $6: all versions that the program knows. What a newer program made of the schema is its own.
  static let lostAdditionsStatement = PostgresStatement(
    name: "schema_lost_additions",
    sql: """
      select a.name
      from unnest($2::text[], $3::text[], $4::text[], $5::text[]) with ordinality
        a (kind, name, "table", version, position)
      where case a.kind
          when 'index' then to_regclass(a.name) is null
          else not exists (select from pg_trigger where tgrelid = to_regclass(a."table") and tgname = a.name)
        end
        and exists (select from gateway_schema_history where module = $1 and version = a.version)
        and not exists (select from gateway_schema_history where module = $1 and version <> all ($6::text[]))
      order by a.position
      """
  )
  /// $1: the module, $2: the versions that a database of this program has, $3: all that it knows.
  static let missingVersionsStatement = PostgresStatement(
    name: "schema_missing_versions",
    sql: """
      select count(*) from unnest($2::text[]) v
      where not exists (select from gateway_schema_history where module = $1 and version = v)
        and not exists (select from gateway_schema_history where module = $1 and version <> all ($3::text[]))
      """
  )
  /// Additions only: releases from before them read and write the table by the names of its other columns.
  private static let oldestProgramColumns = """
    alter table gateway_schema_history add column if not exists oldest_schema_version text,
      add column if not exists oldest_release text
    """
  private static let markStatement = PostgresStatement(
    name: "migration_mark",
    sql: """
      update gateway_schema_history set oldest_schema_version = $3, oldest_release = $4
      where module = $1 and version = $2
      """
  )

  /// Waits for another replica's run. While the lock is held, the server ends a session that says nothing for as long as a
  /// transaction may: of a process that was stopped, it would keep every other replica from starting.
  func lock() async throws(PostgresError) {
    let patience = SessionSetUp.idleInTransaction.wholeNanoseconds / 1_000_000
    try await session.script(
      "migration_session",
      """
      select set_config('lock_timeout', '0', false),
      case when current_setting('idle_session_timeout', true) is not null
        then set_config('idle_session_timeout', '\(patience)', false) end
      """
    )
    try await session.query(Self.lockStatement)
  }

  func unlock() async throws(PostgresError) { try await session.query(Self.unlockStatement) }

  /// Makes the table if it is not there.
  func create() async throws(PostgresError) {
    if try await exists("gateway_schema_history") { return }
    try await session.script(
      "create_history",
      """
      create table gateway_schema_history (
        module text not null,
        version text not null,
        name text not null,
        checksum text not null,
        origin text not null,
        applied_at timestamptz not null default now(),
        primary key (module, version))
      """
    )
  }

  func applied() async throws(PostgresError) -> [MigrationPlan.Applied] {
    guard try await exists("gateway_schema_history") else { return [] }
    var applied: [MigrationPlan.Applied] = []
    for row in try await session.query(Self.appliedStatement, [.text(module)]) {
      let schemaVersion = try row.optionalText(3)
      let release = try row.optionalText(4) ?? "unknown"
      applied.append(
        MigrationPlan.Applied(
          version: try row.text(0),
          name: try row.text(1),
          checksum: try row.text(2),
          oldestProgram: schemaVersion.map { .init(schemaVersion: $0, release: release) }
        )
      )
    }
    return applied
  }

  /// Flyway's rows; nil when it never worked here, or for another module only.
  func flywayRows(markerTable: String) async throws(PostgresError) -> [MigrationPlan.FlywayRow]? {
    guard try await exists("flyway_schema_history"), try await exists(markerTable) else { return nil }
    var rows: [MigrationPlan.FlywayRow] = []
    for row in try await session.query(Self.flywayStatement) {
      rows.append(
        MigrationPlan.FlywayRow(
          version: try row.text(0),
          type: try row.text(2),
          hasSucceeded: try row.bool(1)
        )
      )
    }
    return rows
  }

  /// The names of what applied migrations added to tables and is not there.
  func lostAdditions(of migrations: [Migration]) async throws(PostgresError) -> [String] {
    var names: [String] = []
    let parameters = Self.lostAdditions(of: migrations, module)
    for row in try await session.query(Self.lostAdditionsStatement, parameters) {
      names.append(try row.text(0))
    }
    return names
  }

  /// The parameters of ``lostAdditionsStatement``.
  static func lostAdditions(of migrations: [Migration], _ module: String) -> [PostgresValue] {
    let made = migrations.flatMap { migration in migration.additions.map { ($0, migration.version) } }
    return [
      .text(module), .textArray(made.map(\.0.kind.rawValue)), .textArray(made.map(\.0.name)),
      .textArray(made.map(\.0.table)), .textArray(made.map(\.1)), .textArray(migrations.map(\.version)),
    ]
  }

  /// SHA-256 of each text, in hexadecimal.
  func checksums(_ texts: [String]) async throws(PostgresError) -> [String] {
    var checksums: [String] = []
    for row in try await session.query(Self.checksumStatement, [.textArray(texts)]) {
      checksums.append(try row.text(0))
    }
    return checksums
  }

  func record(_ migration: Migration, origin: String) async throws(PostgresError) {
    try await session.query(
      Self.recordStatement,
      [.text(module), .text(migration.version), .text(migration.name), .text(migration.sql), .text(origin)]
    )
    guard let oldest = migration.oldestProgram else { return }
    try await session.script("history_columns", Self.oldestProgramColumns)
    try await session.query(
      Self.markStatement,
      [.text(module), .text(migration.version), .text(oldest.schemaVersion), .text(oldest.release)]
    )
  }

  private func exists(_ table: String) async throws(PostgresError) -> Bool {
    guard let row = try await session.query(Self.existsStatement, [.text(table)]).first else { return false }
    return try row.bool(0)
  }
}
