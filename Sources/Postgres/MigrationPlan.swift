/// What is to be done to a database, decided from a module's list and what the database says of itself.
struct MigrationPlan: Equatable {
  /// A row of the gateway's own history.
  struct Applied: Equatable {
    var version: String
    var name: String
    var checksum: String
  }

  /// A row of Flyway's history.
  struct FlywayRow: Equatable {
    var version: String
    var hasSucceeded: Bool
  }

  /// Recorded as applied without being run, because Flyway applied them.
  var recognised: [Migration] = []
  /// To be run, in order.
  var pending: [Migration] = []

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
    var reasons = Self.faults(of: migrations)
    if applied.isEmpty, let baseline, let flyway {
      let (recognised, faults) = Self.recognise(migrations, baseline, flyway)
      self.recognised = recognised
      reasons += faults
    }
    let byVersion = Dictionary(applied.map { ($0.version, $0) }) { first, _ in first }
    let known = Set(migrations.map(\.version))
    for row in applied where !known.contains(row.version) {
      reasons.append(
        "Version \(row.version) (\(row.name)) was applied, but this program does not know it; it may be older than"
          + " the database."
      )
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
        if migration.tolerance == nil, let latest, let own = MigrationVersion(migration.version), own < latest
        {
          reasons.append(
            "Version \(migration.version) (\(migration.name)) was never applied, although a later version was."
          )
        }
      }
    }
    if !reasons.isEmpty { throw .refused(module: module, reasons: reasons) }
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
      guard let version = MigrationVersion(row.version), expected.contains(version) else {
        faults.append("Flyway applied version \(row.version), which this program does not know.")
        continue
      }
      found.insert(version)
    }
    let recognised = migrations.filter { MigrationVersion($0.version).map(found.contains) ?? false }
    return (recognised, faults)
  }
}
