internal import Dispatch

/// Brings a database to the schema a module needs: in order, each step in its own transaction, under an advisory lock so
/// that replicas which start together take turns. A schema made by the replaced service is recognised by its Flyway
/// history and continued.
public struct Migrator: Sendable {
  private let configuration: PostgresConfiguration
  private let migrations: Migrations
  private static let history = "gateway_schema_history"
  /// The advisory lock's number: "gateway" in ASCII.
  private static let lock = 29_099_000_066_990_457

  public init(_ migrations: Migrations, configuration: PostgresConfiguration) {
    self.migrations = migrations
    self.configuration = configuration
  }

  /// Applies what is missing.
  /// - Parameter isDryRun: only says what would be applied; changes nothing.
  /// - Throws: `MigrationError`.
  public func run(isDryRun: Bool = false) async throws(MigrationError) -> MigrationReport {
    let result: Result<MigrationReport, MigrationError> = await withUnsafeContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(
          returning: Result { () throws(MigrationError) in try runBlocking(isDryRun: isDryRun) }
        )
      }
    }
    return try result.get()
  }

  private func runBlocking(isDryRun: Bool) throws(MigrationError) -> MigrationReport {
    let outcome: Result<MigrationReport, MigrationError>
    do throws(PostgresError) {
      let connection = try BlockingConnection(configuration)
      // A step may take longer than a request's statement.
      try connection.run("set statement_timeout = 0; set client_min_messages = warning")
      try connection.run("select pg_advisory_lock(\(Self.lock))")
      outcome = try migrate(connection, isDryRun: isDryRun)
    } catch {
      throw .database(error)
    }
    return try outcome.get()
  }

  private func migrate(
    _ connection: BlockingConnection,
    isDryRun: Bool
  ) throws(PostgresError) -> Result<MigrationReport, MigrationError> {
    var report = MigrationReport()
    var done: [String: String?] = [:]
    if try exists(Self.history, connection) {
      let rows = try connection.run(
        "select version, checksum from \(Self.history) where module = \(BlockingConnection.literal(migrations.module))"
      )
      for row in rows { if let version = row.first ?? nil { done[version] = row.last ?? nil } }
    }
    if done.isEmpty {
      switch try adoptable(connection) {
      case .success(let versions):
        for version in versions { done[version] = .some(nil) }
        report.adopted = versions
      case .failure(let error): return .failure(error)
      }
    }
    if let error = contradiction(done) { return .failure(error) }
    if !isDryRun {
      try makeHistory(connection)
      for version in report.adopted { try record(version, name: "from Flyway", checksum: nil, connection) }
    }
    for step in migrations.steps where done[step.version] == nil {
      if isDryRun {
        report.applied.append("\(step.version) \(step.name)")
      } else if let error = try apply(step, connection, &report) {
        return .failure(error)
      }
    }
    return .success(report)
  }

  private func contradiction(_ done: [String: String?]) -> MigrationError? {
    let known = Dictionary(migrations.steps.map { ($0.version, $0.checksum) }) { first, _ in first }
    for (version, checksum) in done.sorted(by: { $0.key < $1.key }) {
      guard let expected = known[version] else {
        return .unknown(module: migrations.module, version: version)
      }
      if let checksum, checksum != expected { return .changed(module: migrations.module, version: version) }
    }
    return nil
  }

  /// The steps that the replaced service has made, by its Flyway history.
  private func adoptable(_ connection: BlockingConnection) throws(PostgresError) -> Result<
    [String], MigrationError
  > {
    guard try exists(migrations.markerTable, connection) else { return .success([]) }
    guard try exists("flyway_schema_history", connection) else {
      return .failure(.noHistory(table: migrations.markerTable))
    }
    let rows = try connection.run(
      "select version, success from flyway_schema_history where version is not null order by installed_rank"
    )
    var versions: [String] = []
    for row in rows {
      guard let version = row.first ?? nil, migrations.flywayVersions.contains(version) else { continue }
      guard row.last == "t" else { return .failure(.failedFlyway(version: version)) }
      versions.append(version)
    }
    return versions.isEmpty ? .failure(.noHistory(table: migrations.markerTable)) : .success(versions)
  }

  private func exists(_ table: String, _ connection: BlockingConnection) throws(PostgresError) -> Bool {
    try connection.run("select to_regclass(\(BlockingConnection.literal(table))) is not null") == [["t"]]
  }

  private func makeHistory(_ connection: BlockingConnection) throws(PostgresError) {
    try connection.run(
      """
      create table if not exists \(Self.history) (
        module text not null, version text not null, name text not null, checksum text,
        applied_at timestamptz not null default now(), primary key (module, version))
      """
    )
  }

  private func record(
    _ version: String,
    name: String,
    checksum: String?,
    _ connection: BlockingConnection
  ) throws(PostgresError) {
    let values =
      [migrations.module, version, name].map(BlockingConnection.literal)
      + [checksum.map(BlockingConnection.literal) ?? "null"]
    try connection.run(
      "insert into \(Self.history) (module, version, name, checksum) values (\(values.joined(separator: ", ")))"
    )
  }

  private func apply(
    _ step: Migration,
    _ connection: BlockingConnection,
    _ report: inout MigrationReport
  ) throws(PostgresError) -> MigrationError? {
    let failure = try connection.transaction { () throws(PostgresError) in
      try connection.run(step.sql)
      try record(step.version, name: step.name, checksum: step.checksum, connection)
    }
    guard let failure else {
      report.applied.append("\(step.version) \(step.name)")
      return nil
    }
    guard let obstacles = step.obstacles, failure.kind == .uniqueViolation || failure.kind == .checkViolation
    else {
      return .failed(module: migrations.module, version: step.version, reason: failure.message)
    }
    report.obstructed["\(step.version) \(step.name)"] = try connection.run(obstacles).prefix(100).compactMap {
      $0.first ?? nil
    }
    return nil
  }
}

extension Migration {
  /// FNV-1a, 64 bits, of the text: it tells an edited step from the applied one, and guards against nobody.
  var checksum: String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in sql.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return String(hash, radix: 16)
  }
}
