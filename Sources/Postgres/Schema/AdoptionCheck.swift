public import Time

/// Looks at a database of a replaced service before the gateway takes it over: whose it is, whether its schema and its
/// rows are as expected, and what the migrations will do. It only reads.
public struct AdoptionCheck: Sendable {
  private typealias PendingMigration = (module: String, migration: Migration)

  /// The module's, first, and those of what it shares with others.
  private let migrators: [Migrator]
  private let adoption: Adoption

  /// - Parameter migrators: the module's first, then those of what it shares with others.
  public init(_ adoption: Adoption, migrators: [Migrator]) {
    self.adoption = adoption
    self.migrators = migrators
  }

  /// - Parameter deadline: for all of it; counting and looking for broken rows reads the whole table some times.
  public func run(_ database: PostgresDatabase, deadline: MonotonicInstant) async -> AdoptionReport {
    let facts = AdoptionFacts(database: database, table: adoption.table, deadline: deadline)
    var report = AdoptionReport()
    do {
      try await inspect(facts, &report)
    } catch let error as PostgresError {
      report.add(.problem, Self.explain(error))
    } catch {
      report.add(.problem, "\(error)")
    }
    return report
  }

  private func inspect(_ facts: AdoptionFacts, _ report: inout AdoptionReport) async throws {
    let server = try await facts.server()
    report.add(.note, "PostgreSQL \(server.version), database \(server.database), user \(server.user)")
    if server.versionNumber < 130_000 { report.add(.problem, "the gateway needs PostgreSQL 13 or later") }
    for fault in try await facts.database.unsuitability(deadline: facts.deadline) {
      report.add(.problem, fault.description)
    }
    if server.isStandby {
      report.add(.problem, "this server is a standby, which cannot be written to: name the primary")
    }
    guard let rights = try await facts.rights() else {
      report.add(
        .problem,
        "there is no table \(adoption.table): this is no database of the service replaced, or an empty one, in which"
          + " `gateway migrate` would begin from nothing"
      )
      return
    }
    check(rights, &report)
    guard rights.readsTable, rights.readsHistory else { return }
    let pending = try await checkHistory(facts, &report)
    guard try await checkColumns(facts, &report) else { return }
    try await checkRows(facts, &report)
    if let pending { try await tell(pending, facts, &report) }
  }

  // MARK: Rights

  private func check(_ rights: AdoptionFacts.Rights, _ report: inout AdoptionReport) {
    let count = report.problems
    if !rights.readsTable { report.add(.problem, "the user may not read \(adoption.table)") }
    if !rights.writesTable {
      report.add(.problem, "the user may not insert, update and delete in \(adoption.table)")
    }
    if !rights.readsHistory { report.add(.problem, "the user may not read flyway_schema_history") }
    if !rights.createsTables { report.add(.problem, "the user may not create tables in the schema") }
    if !adoption.steps.isEmpty, !rights.ownsTable {
      report.add(
        .problem,
        "the user is not the owner of \(adoption.table), so it cannot have further indexes"
      )
    }
    if report.problems == count { report.add(.good, "the user's rights suffice") }
  }

  // MARK: Histories

  /// - Returns: the migrations that will run, the module's first; nil if the histories let none run.
  private func checkHistory(
    _ facts: AdoptionFacts,
    _ report: inout AdoptionReport
  ) async throws -> [PendingMigration]? {
    let count = report.problems
    var pending: [PendingMigration] = []
    for (index, migrator) in migrators.enumerated() {
      do {
        let outlook = try await migrator.outlook(in: facts.database, deadline: facts.deadline)
        if index == 0 { check(outlook, migrator, &report) }
        for version in outlook.newer {
          report.add(
            .note,
            "\(version) of \(migrator.module) was applied by a newer program, which lets this one go on"
          )
        }
        pending += outlook.pending.map { (migrator.module, $0) }
      } catch MigrationError.refused(_, let reasons) {
        for reason in reasons { report.add(.problem, reason) }
      }
    }
    guard report.problems == count else { return nil }
    let names = pending.flatMap { Self.created(by: $0.migration.sql) }
    for name in try await facts.existing(names) {
      report.add(.problem, "there is a \(name) already, which a migration is to create: rename or drop it")
    }
    return pending
  }

  private func check(_ outlook: MigrationOutlook, _ migrator: Migrator, _ report: inout AdoptionReport) {
    if outlook.isAdopted {
      report.add(.good, "the gateway has taken this database over already")
    } else if let versions = outlook.flywayVersions {
      let expected = migrator.baseline?.versions ?? []
      let hasEach = expected.allSatisfy { version in
        versions.contains { MigrationVersion($0) == MigrationVersion(version) }
      }
      report.add(
        .good,
        "Flyway's history \(hasEach ? "has" : "stands for") the versions \(expected.joined(separator: ", "))"
          + (hasEach ? ", and no others" : ", from a baseline on")
      )
    } else {
      report.add(
        .problem,
        "there is a table \(adoption.table), but no history, Flyway's or the gateway's, that says how it was made"
      )
    }
    for migration in outlook.recognised {
      report.add(.will, "\(migration.version) \(migration.name): recognised as applied by Flyway")
    }
  }

  /// The tables and indexes that a script creates.
  static func created(by sql: String) -> [String] {
    let words = sql.split { $0 == " " || $0.isNewline || $0 == "(" || $0 == ";" }.map(String.init)
    return words.indices.compactMap { index in
      guard words[index] == "table" || words[index] == "index", index > 0, words.indices.contains(index + 1),
        words[index - 1] == "create" || words[index - 1] == "unique"
      else { return nil }
      return words[index + 1]
    }
  }

  // MARK: Columns and rows

  /// - Returns: whether all columns are there, so that rows can be looked at.
  private func checkColumns(_ facts: AdoptionFacts, _ report: inout AdoptionReport) async throws -> Bool {
    let count = report.problems
    var isReadable = true
    let found = try await facts.columns()
    for column in adoption.columns {
      guard let own = found.first(where: { $0.column.name == column.name }) else {
        report.add(.problem, "the column \(column.name) is missing")
        isReadable = false
        continue
      }
      if own.column.type != column.type {
        report.add(.problem, "the column \(column.name) is \(own.column.type), not \(column.type)")
      } else if own.column.isNullable != column.isNullable {
        let text =
          column.isNullable ? "must not be null, but has to be allowed to" : "may be null, but must not"
        report.add(.problem, "a value of \(column.name) \(text)")
      }
    }
    for own in found where !adoption.columns.contains(where: { $0.name == own.column.name }) {
      let isInTheWay = !own.column.isNullable && !own.hasDefault
      report.add(
        isInTheWay ? .problem : .note,
        "there is a further column \(own.column.name)"
          + (isInTheWay ? " without a default, which the gateway does not fill" : ", which stays as it is")
      )
    }
    if report.problems == count { report.add(.good, "\(adoption.table) has the columns it should have") }
    return isReadable
  }

  private func checkRows(_ facts: AdoptionFacts, _ report: inout AdoptionReport) async throws {
    let size = try await facts.size()
    report.add(.note, "\(adoption.table) has \(size.rows) rows and takes \(size.text) with its indexes")
    if size.sessions > 0 {
      report.add(
        .note,
        "\(size.sessions) other sessions use the database: stop the service replaced before the switch"
      )
    }
    let count = report.problems
    for invariant in adoption.invariants {
      let found = try await facts.violations(invariant.sql)
      guard found.total > 0 else { continue }
      let more = found.total > found.shown.count ? ", …" : ""
      let places = found.shown.joined(separator: "; ") + more
      report.add(.problem, "\(invariant.violation): \(found.total) (\(places)). \(invariant.cure)")
    }
    if report.problems == count { report.add(.good, "no row breaks what must be so of all") }
  }

  // MARK: What will happen

  private func tell(
    _ pending: [PendingMigration],
    _ facts: AdoptionFacts,
    _ report: inout AdoptionReport
  ) async throws {
    for (module, migration) in pending {
      let isOwn = module == migrators.first?.module
      var text = "\(isOwn ? "" : module + " ")\(migration.version) \(migration.name): "
      if isOwn, let step = adoption.steps.first(where: { $0.version == migration.version }) {
        let time = try await facts.duration(ofBuilding: step.orders)
        text += "\(step.waits); takes \(Self.text(time))"
      } else {
        text += "touches no table of the service replaced"
      }
      report.add(.will, text)
    }
    if pending.isEmpty { report.add(.will, "nothing: the schema is up to date") }
  }

  private static func text(_ time: Duration) -> String {
    let seconds = time.components.seconds
    switch seconds {
    case ..<1: return "less than a second"
    case ..<120: return "about \(seconds + 1) s"
    default: return "about \((seconds + 59) / 60) minutes"
    }
  }

  /// For an operator, who has to know what the server said of the connection.
  private static func explain(_ error: PostgresError) -> String {
    let kinds: [PostgresError.Kind] = [.connectionFailed, .connectionLost, .poolTimeout]
    guard kinds.contains(error.kind) else { return "\(error)" }
    return "the database cannot be reached: \(error.detail.isEmpty ? "\(error)" : error.detail)"
  }
}
