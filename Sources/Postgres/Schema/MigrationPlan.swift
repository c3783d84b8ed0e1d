/// What is to be done to a database, decided from a module's list and what the database says of itself.
struct MigrationPlan: Equatable {
  /// A row of the gateway's own history.
  struct Applied: Equatable {
    var version: String
    var name: String
    var checksum: String
    var oldestProgram: Migration.OldestProgram?
  }

  /// A row of Flyway's history.
  struct FlywayRow: Equatable {
    var version: String
    /// As Flyway has it: `SQL`, `JDBC`, `BASELINE`, `UNDO_SQL` …
    var type: String
    var hasSucceeded: Bool

    /// Whether it stands for everything up to its version.
    var isBaseline: Bool { type.hasSuffix("BASELINE") }
    /// Whether what its version did was undone.
    var isUndoing: Bool { type.hasPrefix("UNDO") }
  }

  /// Recorded as applied without being run, because Flyway applied them.
  var recognised: [Migration] = []
  /// To be run, in order.
  var pending: [Migration] = []
  /// Applied by a newer program, which let older ones go on. Nothing is run then: what the newer program made of the
  /// schema is its own.
  var newer: [Applied] = []
  /// Whether the gateway has migrated the database before: what is there already is its own.
  var isContinued = false

  /// - Parameters:
  ///   - checksums: of `migrations`, in their order.
  ///   - flyway: nil where there is no Flyway history of this module.
  /// - Throws: `MigrationError.refused` with everything that is wrong.
  init(
    module: String,
    migrations: [Migration],
    checksums: [String],
    applied: [Applied],
    baseline: FlywayBaseline?,
    flyway: [FlywayRow]?
  ) throws(MigrationError) {
    isContinued = !applied.isEmpty
    var reasons = Self.faults(of: migrations)
    var flywayFaults: [String] = []
    if applied.isEmpty, let baseline, let flyway {
      (recognised, flywayFaults) = Self.recognise(migrations, baseline, flyway)
      reasons += flywayFaults
    }
    let byVersion = Dictionary(applied.map { ($0.version, $0) }) { first, _ in first }
    let known = Set(migrations.map(\.version))
    let ownLatest = migrations.compactMap { MigrationVersion($0.version) }.max()
    for row in applied where !known.contains(row.version) {
      if let reason = Self.obstacle(row, ownLatest) { reasons.append(reason) } else { newer.append(row) }
    }
    let done = known.filter { byVersion[$0] != nil }.union(recognised.map(\.version))
    let latest = (applied.map(\.version) + recognised.map(\.version)).compactMap(MigrationVersion.init).max()
    for (migration, checksum) in zip(migrations, checksums) {
      if let row = byVersion[migration.version] {
        if row.checksum != checksum {
          reasons.append("Version \(migration.version) (\(migration.name)) has changed since it was applied.")
        }
      } else if !done.contains(migration.version) {
        pending.append(migration)
        if flywayFaults.isEmpty, migration.tolerance == nil, let latest,
          let own = MigrationVersion(migration.version), own < latest
        {
          reasons.append(
            "Version \(migration.version) (\(migration.name)) was never applied, although a later version was."
          )
        }
      }
    }
    if !reasons.isEmpty { throw .refused(module: module, reasons: reasons) }
    if !newer.isEmpty { pending = [] }
  }

  /// Why this program cannot go on with a version that it does not know; nil if it can.
  private static func obstacle(_ row: Applied, _ ownLatest: MigrationVersion?) -> String? {
    let title = "Version \(row.version) (\(row.name))"
    guard let version = MigrationVersion(row.version), let ownLatest, version > ownLatest else {
      return "\(title) was applied, but this program, which knows later ones, does not know it."
    }
    guard let oldest = row.oldestProgram else { return nil }
    if let needed = MigrationVersion(oldest.schemaVersion), needed <= ownLatest { return nil }
    return
      "\(title) was applied by a newer program, and this one cannot work with it: the oldest that can is release "
      + "\(oldest.release), which knows version \(oldest.schemaVersion)."
  }

  private static func faults(of migrations: [Migration]) -> [String] {
    var reasons: [String] = []
    var previous: MigrationVersion?
    for migration in migrations {
      guard let version = MigrationVersion(migration.version) else {
        reasons.append("\"\(migration.version)\" is no version.")
        continue
      }
      if let previous, version <= previous {
        reasons.append(
          "Version \(migration.version) (\(migration.name)) is not later than the one before it."
        )
      }
      previous = version
    }
    return reasons
  }

  private static func recognise(
    _ migrations: [Migration],
    _ baseline: FlywayBaseline,
    _ flyway: [FlywayRow]
  ) -> (recognised: [Migration], faults: [String]) {
    var faults: [String] = []
    let expected = Set(baseline.versions.compactMap(MigrationVersion.init))
    var found: Set<MigrationVersion> = []
    for row in flyway {
      guard row.hasSucceeded else {
        faults.append("Flyway's migration \(row.version) failed in this database; repair that first.")
        continue
      }
      let version = MigrationVersion(row.version)
      if row.isBaseline, let version {
        found.formUnion(expected.filter { $0 <= version })
      } else if let version, expected.contains(version) {
        if row.isUndoing { found.remove(version) } else { found.insert(version) }
      } else {
        faults.append("Flyway applied version \(row.version), which this program does not know.")
      }
    }
    let missing = baseline.versions.filter { !(MigrationVersion($0).map(found.contains) ?? false) }
    if faults.isEmpty, !missing.isEmpty {
      // Were they run here, the service replaced could not be started again: its Flyway would run them, too.
      faults.append(
        "Flyway has not applied \(missing.joined(separator: ", ")) yet: start the last release of the service"
          + " replaced once, so that it does"
      )
    }
    let recognised = migrations.filter { MigrationVersion($0.version).map(found.contains) ?? false }
    return (recognised, faults)
  }
}
