import EventLoops
import Logging
import Synchronization
import TestKit
import Testing

@testable import Postgres

/// Keeps what was logged.
private struct RecordingHandler: LogHandler {
  final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    func append(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }
  }

  let lines: Lines
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.info

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let metadata = (event.metadata ?? [:]).map { "\($0.key)=\($0.value)" }.sorted().joined(separator: " ")
    lines.append("\(event.level) \(event.message) \(metadata)")
  }
}

@Suite struct MigrationTests {
  private static let first = Migration(
    version: "1.1",
    name: "table",
    sql: "create table pair (id bigserial primary key, a text, b text); create index pair_a on pair (a)"
  )
  private static let second = Migration(
    version: "1.2",
    name: "column",
    sql: "alter table pair add column c text"
  )
  private static let unique = Migration(
    version: "1.3",
    name: "unique pair",
    sql: "create unique index pair_unique on pair (least(a, b), greatest(a, b))",
    tolerance: Migration.Tolerance(
      warning: "pairs are open more than once",
      violations: """
        select x.id from pair x join pair y on x.id <> y.id and least(x.a, x.b) = least(y.a, y.b)
          and greatest(x.a, x.b) = greatest(y.a, y.b) order by x.id
        """
    )
  )
  private static let fourth = Migration(
    version: "1.10",
    name: "ten",
    sql: "alter table pair add column d text"
  )
  private static let baseline = FlywayBaseline(versions: ["1.1", "1.2"], markerTable: "pair")

  private func migrator(
    _ migrations: [Migration],
    module: String = "pairs",
    baseline: FlywayBaseline? = nil,
    logger: Logger = quiet
  ) -> Migrator {
    Migrator(module: module, migrations: migrations, baseline: baseline, logger: logger)
  }

  private func reasons(_ body: () async throws -> Void) async -> [String] {
    do {
      try await body()
      return []
    } catch {
      guard case MigrationError.refused(_, let reasons) = error else { return ["\(error)"] }
      return reasons
    }
  }

  @Test("migrations run once, in order; a second run does nothing; new ones are added")
  func runsOnce() async throws {
    try await TestServer.withDatabase { database async throws in
      let two = migrator([Self.first, Self.second])
      #expect(
        try await two.pending(in: database, deadline: .after(patience)).map(\.version) == ["1.1", "1.2"]
      )
      #expect(try await database.read("select to_regclass('gateway_schema_history') is null")[0].bool(0))
      #expect(try await two.migrate(database, deadline: .after(patience)).map(\.version) == ["1.1", "1.2"])
      #expect(try await two.migrate(database, deadline: .after(patience)).isEmpty)
      let all = migrator([Self.first, Self.second, Self.unique, Self.fourth])
      #expect(
        try await all.pending(in: database, deadline: .after(patience)).map(\.version) == ["1.3", "1.10"]
      )
      #expect(try await all.migrate(database, deadline: .after(patience)).count == 2)
    }
  }

  @Test(
    "AD-19: what a restored dump of an earlier release took back is run again over what it left, and nobody else's is"
  )
  func leftovers() async throws {
    try await TestServer.withDatabase { database async throws in
      let later = Migration(
        version: "1.2",
        name: "later",
        sql: """
          create table further (id bigint primary key);
          create unique index further_idx on further (id);
          alter table pair add c text, add column d text, add constraint pair_c check (c <> '');
          """
      )
      let own = migrator([Self.first, later])
      #expect(try await own.migrate(database, deadline: .after(patience)).count == 2)
      #expect(try await !own.isBehind(in: database, deadline: .after(patience)))
      // The dump had the table without its columns, and nothing of the other.
      try await database.script("delete from gateway_schema_history where version = '1.2'")
      try await database.script("alter table pair drop column c, drop column d")
      #expect(try await own.isBehind(in: database, deadline: .after(patience)))
      #expect(try await own.migrate(database, deadline: .after(patience)).map(\.version) == ["1.2"])
      #expect(try await !own.isBehind(in: database, deadline: .after(patience)))
      #expect(try await database.read("select c, d from pair").isEmpty)
      // A table that no migration here has made is not taken for one.
      let foreign = Migration(version: "1.1", name: "foreign", sql: "create table further (id bigint)")
      await #expect(throws: MigrationError.self) {
        try await migrator([foreign], module: "others").migrate(database, deadline: .after(patience))
      }
    }
  }

  @Test("a failing migration is rolled back whole, named, and stops the rest")
  func failure() async throws {
    try await TestServer.withDatabase { database async throws in
      let broken = Migration(
        version: "1.2",
        name: "broken",
        sql: "create table half (n int); select no_such_thing"
      )
      let migrator = migrator([Self.first, broken, Self.fourth])
      await #expect {
        try await migrator.migrate(database, deadline: .after(patience))
      } throws: { error in
        guard case MigrationError.failed(_, "1.2", "broken", let cause) = error else { return false }
        return cause.sqlState == "42703"
      }
      let row = try await database.read(
        "select to_regclass('half') is null, to_regclass('pair') is not null"
      )[0]
      #expect(try row.bool(0) && row.bool(1))
      #expect(try await migrator.pending(in: database, deadline: .after(patience)).count == 2)
    }
  }

  @Test("changed, removed, disordered and late migrations are refused, all named at once")
  func refusals() async throws {
    try await TestServer.withDatabase { database async throws in
      try await migrator([Self.first, Self.second, Self.fourth]).migrate(database, deadline: .after(patience))
      let changed = Migration(version: "1.1", name: "table", sql: Self.first.sql + " ")
      let late = Migration(version: "1.3", name: "late", sql: "select 1")
      let found = await reasons {
        try await migrator([changed, late, Self.fourth]).migrate(database, deadline: .after(patience))
      }
      #expect(found.count == 3)
      #expect(found.contains { $0.contains("1.1") && $0.contains("changed") })
      #expect(found.contains { $0.contains("1.2") && $0.contains("does not know it") })
      #expect(found.contains { $0.contains("1.3") && $0.contains("never applied") })
      let disordered = await reasons {
        try await migrator([Self.fourth, Self.first]).migrate(database, deadline: .after(patience))
      }
      #expect(disordered.contains { $0.contains("not later") })
    }
  }

  @Test("two modules share a database without seeing each other's versions")
  func twoModules() async throws {
    try await TestServer.withDatabase { database async throws in
      try await migrator([Self.first]).migrate(database, deadline: .after(patience))
      let other = Migration(version: "1.1", name: "other", sql: "create table other (n int)")
      let run = try await migrator([other], module: "others").migrate(database, deadline: .after(patience))
      #expect(run.map(\.name) == ["other"])
      #expect(try await database.read("select count(*) from gateway_schema_history")[0].int64(0) == 2)
    }
  }

  @Test("of many replicas that start together, each migration is run by one")
  func concurrent() async throws {
    try await TestServer.withDatabase { database async throws in
      let migrator = migrator([Self.first, Self.second, Self.fourth])
      let run = try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<6 {
          group.addTask { try await migrator.migrate(database, deadline: .after(patience)).count }
        }
        return try await group.reduce(0, +)
      }
      #expect(run == 3)
    }
  }

  private static let flywayTable = """
    create table flyway_schema_history (installed_rank int primary key, version varchar(50), description varchar(200),
      type varchar(20), script varchar(1000), checksum int, installed_by varchar(100),
      installed_on timestamp default now(), execution_time int, success boolean);
    """

  private func flyway(_ versions: [(String?, Bool)]) -> String {
    Self.flywayTable
      + versions.enumerated().map { index, row in
        let version = row.0.map { "'\($0)'" } ?? "null"
        return
          "insert into flyway_schema_history (installed_rank, version, success) values (\(index), \(version), \(row.1));"
      }.joined()
  }

  @Test(
    "a database that Flyway made is continued from where Flyway left it",
    arguments: [
      (["1.1", "1.2"], ["1.3", "1.10"]), (["1_1", "1.02"], ["1.3", "1.10"]),
      (["1.1", "1.2.0"], ["1.3", "1.10"]),
    ]
  )
  func flywayBaseline(applied: [String], expected: [String]) async throws {
    try await TestServer.withDatabase { database async throws in
      try await database.script(Self.first.sql + ";" + flyway(applied.map { ($0, true) } + [(nil, true)]))
      try await database.script(Self.second.sql)
      let migrator = migrator([Self.first, Self.second, Self.unique, Self.fourth], baseline: Self.baseline)
      #expect(try await migrator.migrate(database, deadline: .after(patience)).map(\.version) == expected)
      #expect(try await migrator.migrate(database, deadline: .after(patience)).isEmpty)
      let row = try await database.read(
        "select count(*) from gateway_schema_history where origin = 'flyway'"
      )[0]
      #expect(try row.int64(0) == Int64(applied.count))
    }
  }

  @Test("a failed or unknown Flyway migration is refused by name")
  func flywayFailed() async throws {
    try await TestServer.withDatabase { database async throws in
      try await database.script(Self.first.sql + ";" + flyway([("1.1", true), ("1.2", false), ("7", true)]))
      let found = await reasons {
        try await migrator([Self.first, Self.second], baseline: Self.baseline)
          .migrate(database, deadline: .after(patience))
      }
      #expect(found.contains { $0.contains("1.2") && $0.contains("failed") })
      #expect(found.contains { $0.contains("version 7") })
    }
  }

  @Test("another module's Flyway history is not taken for one's own")
  func flywayOfAnother() async throws {
    try await TestServer.withDatabase { database async throws in
      try await database.script(flyway([("1", true), ("2", true)]))
      let run = try await migrator([Self.first, Self.second], baseline: Self.baseline)
        .migrate(database, deadline: .after(patience))
      #expect(run.count == 2)
    }
  }

  @Test("a tolerated migration that rows forbid names them, lets the rest pass, and is tried again")
  func tolerated() async throws {
    try await TestServer.withDatabase { database async throws in
      let lines = RecordingHandler.Lines()
      let logger = Logger(label: "test") { _ in RecordingHandler(lines: lines) }
      try await migrator([Self.first]).migrate(database, deadline: .after(patience))
      try await database.script("insert into pair (a, b) values ('x', 'y'), ('y', 'x'), ('p', 'q')")
      let migrator = migrator([Self.first, Self.second, Self.unique, Self.fourth], logger: logger)
      #expect(
        try await migrator.migrate(database, deadline: .after(patience)).map(\.version) == ["1.2", "1.10"]
      )
      let warning = try #require(lines.all.first { $0.hasPrefix("warning") })
      #expect(warning.contains("pairs are open more than once") && warning.contains("rows=1,2"))
      #expect(try await migrator.migrate(database, deadline: .after(patience)).isEmpty)
      try await database.script("delete from pair where id = 2")
      #expect(try await migrator.migrate(database, deadline: .after(patience)).map(\.version) == ["1.3"])
    }
  }

  // MARK: Newer schemas

  private static let later = Migration(
    version: "2.1",
    name: "later",
    sql: "alter table pair add column e text"
  )

  private func cutting(_ knows: String) -> Migration {
    Migration(
      version: "2.2",
      name: "cut",
      sql: "alter table pair drop column c",
      oldestProgram: .init(schemaVersion: knows, release: "7.3.0")
    )
  }

  @Test("a program goes on with a schema newer than it knows, says so, and changes nothing in it")
  func newerSchema() async throws {
    try await TestServer.withDatabase { database async throws in
      let lines = RecordingHandler.Lines()
      let logger = Logger(label: "test") { _ in RecordingHandler(lines: lines) }
      let old = [Self.first, Self.second, Self.unique, Self.fourth]
      try await migrator([Self.first]).migrate(database, deadline: .after(patience))
      try await database.script("insert into pair (a, b) values ('x', 'y'), ('y', 'x')")
      try await migrator(old + [Self.later]).migrate(database, deadline: .after(patience))
      try await database.script("delete from pair")
      // 1.3 was tolerated, so an old program would try it again; a newer one may have given it up.
      let program = migrator(old, logger: logger)
      #expect(try await program.migrate(database, deadline: .after(patience)).isEmpty)
      #expect(try await program.pending(in: database, deadline: .after(patience)).isEmpty)
      #expect(try await program.outlook(in: database, deadline: .after(patience)).newer == ["2.1 later"])
      let warning = try #require(lines.all.first { $0.hasPrefix("warning") })
      #expect(warning.contains("newer than this program") && warning.contains("versions=2.1"))
      let newer = migrator(old + [Self.later])
      #expect(try await newer.migrate(database, deadline: .after(patience)).map(\.version) == ["1.3"])
    }
  }

  @Test(
    "a migration that cuts off older programs names the oldest that can go on; that one and later ones do"
  )
  func cutOff() async throws {
    try await TestServer.withDatabase { database async throws in
      let known = [Self.first, Self.second, Self.fourth]
      let newest = known + [Self.later, cutting("2.1")]
      #expect(try await migrator(newest).migrate(database, deadline: .after(patience)).count == 5)
      #expect(try await migrator(newest).migrate(database, deadline: .after(patience)).isEmpty)
      let found = await reasons {
        try await migrator(known).migrate(database, deadline: .after(patience))
      }
      #expect(
        found == [
          "Version 2.2 (cut) was applied by a newer program, and this one cannot work with it: the oldest that can is "
            + "release 7.3.0, which knows version 2.1."
        ]
      )
      for refused in [
        await reasons { _ = try await migrator(known).pending(in: database, deadline: .after(patience)) },
        await reasons { _ = try await migrator(known).outlook(in: database, deadline: .after(patience)) },
      ] {
        #expect(refused == found)
      }
      #expect(try await migrator(known + [Self.later]).migrate(database, deadline: .after(patience)).isEmpty)
    }
  }

  @Test("the history stays readable and writable for releases that know none of the marks")
  func additiveHistory() async throws {
    try await TestServer.withDatabase { database async throws in
      try await migrator([Self.first, Self.second, Self.fourth, cutting("1.10")])
        .migrate(database, deadline: .after(patience))
      let row = try await database.read("select version, name, checksum from gateway_schema_history limit 1")
      #expect(row.count == 1)
      try await database.script(
        "insert into gateway_schema_history (module, version, name, checksum, origin) values ('m', '1', 'n', 'c', 'o')"
      )
      let columns = try await database.read(
        """
        select count(*) from information_schema.columns
        where table_name = 'gateway_schema_history' and column_name like 'oldest%' and is_nullable = 'YES'
        """
      )
      #expect(try columns[0].int64(0) == 2)
    }
  }

  // MARK: Locks

  @Test("a migration waits for a lock a short time at once, lets others pass, and gets it in the end")
  func lockTimeout() async throws {
    try await TestServer.withDatabase { database async throws in
      let lines = RecordingHandler.Lines()
      let logger = Logger(label: "test") { _ in RecordingHandler(lines: lines) }
      try await migrator([Self.first]).migrate(database, deadline: .after(patience))
      var migrator = migrator([Self.first, Self.second], logger: logger)
      #expect(migrator.lockTimeout == .seconds(3))
      migrator.lockTimeout = .milliseconds(100)
      let waiting = migrator
      try await database.withTransaction(deadline: .after(patience)) { reader in
        _ = try await reader.query(PostgresStatement(name: "read", sql: "select count(*) from pair"))
        let migration = Task { try await waiting.migrate(database, deadline: .after(patience)).count }
        try await eventually("it has tried twice") {
          lines.all.filter { $0.contains("blocked by a lock") }.count >= 2
        }
        // Nobody queues for longer than a try takes.
        _ = try await database.read("select count(*) from pair")
        _ = try await reader.query(PostgresStatement(name: "read", sql: "select count(*) from pair"))
        let row = try await database.read("select to_regclass('pair') is not null")
        #expect(try row[0].bool(0))
        Self.underWay.withLock { $0 = migration }
      }
      let migration = try #require(Self.underWay.withLock { $0 })
      #expect(try await migration.value == 1)
    }
  }

  private static let underWay = Mutex<Task<Int, any Error>?>(nil)

  // MARK: Flyway's baselines

  @Test(
    "a baseline of Flyway's stands for everything up to it",
    arguments: [
      ([("1.2", "BASELINE")], nil), ([("2", "BASELINE")], nil), ([("1.02", "BASELINE")], nil),
      ([("1.1", "BASELINE"), ("1.2", "SQL")], nil), ([("1.2", "SQL_BASELINE")], nil),
      ([("1.1", "SQL"), ("1.2", "SQL"), ("1.2", "BASELINE")], nil),
      ([("1.1", "BASELINE")], "1.2"), ([("1", "BASELINE")], "1.1, 1.2"), ([("1.1", "SQL")], "1.2"),
      ([("1.2", "SQL")], "1.1"), ([], "1.1, 1.2"),
      ([("1.1", "SQL"), ("1.2", "SQL"), ("1.2", "UNDO_SQL")], "1.2"),
      ([("1.1", "SQL"), ("1.2", "SQL"), ("1.2", "UNDO_SQL"), ("1.2", "SQL")], nil),
    ] as [([(String, String)], String?)]
  )
  func flywayBaselines(history: [(String, String)], missing: String?) async throws {
    try await TestServer.withDatabase { database async throws in
      try await database.script(Self.first.sql + ";" + Self.second.sql + ";" + Self.flywayTable)
      for (rank, row) in history.enumerated() {
        try await database.script(
          """
          insert into flyway_schema_history (installed_rank, version, type, success)
          values (\(rank), '\(row.0)', '\(row.1)', true)
          """
        )
      }
      let migrator = migrator([Self.first, Self.second, Self.fourth], baseline: Self.baseline)
      if let missing {
        let text =
          "Flyway has not applied \(missing) yet: start the last release of the service replaced once, so that it does"
        #expect(await reasons { try await migrator.migrate(database, deadline: .after(patience)) } == [text])
        #expect(
          await reasons { _ = try await migrator.outlook(in: database, deadline: .after(patience)) } == [text]
        )
      } else {
        let outlook = try await migrator.outlook(in: database, deadline: .after(patience))
        #expect(outlook.recognised.map(\.version) == ["1.1", "1.2"])
        #expect(try await migrator.migrate(database, deadline: .after(patience)).map(\.version) == ["1.10"])
        #expect(try await migrator.migrate(database, deadline: .after(patience)).isEmpty)
      }
    }
  }
}
