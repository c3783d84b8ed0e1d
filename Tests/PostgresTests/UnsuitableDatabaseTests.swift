import EventLoops
import Foundation
import Subprocess
import TestKit
import Testing

@testable import Postgres

@Suite("Databases that the gateway cannot work with, and those behind a pooler")
struct UnsuitableDatabaseTests {
  private static func faults(_ url: String) async throws -> [UnsuitableDatabase] {
    try await with(url) { try await $0.unsuitability(deadline: .after(patience)) }
  }

  private static func with<Value>(
    _ url: String,
    _ configure: (inout PostgresConfiguration) -> Void = { _ in },
    _ body: (PostgresDatabase) async throws -> Value
  ) async throws -> Value {
    var configuration = PostgresConfiguration(connectionString: url)
    configuration.leaseTimeout = .seconds(20)
    configure(&configuration)
    let database = try PostgresDatabase(configuration: configuration, group: Loops.shared, logger: quiet)
    let result: Result<Value, any Error>
    do { result = .success(try await body(database)) } catch { result = .failure(error) }
    await database.shutdown()
    return try result.get()
  }

  @Test(
    "an encoding that lacks characters is told by its name",
    arguments: ["LATIN1", "SQL_ASCII", "WIN1252"]
  )
  func encodings(name: String) async throws {
    let database = "gateway_encoding_\(UInt32.random(in: 0 ... .max))"
    let admin = try TestServer.observer()
    try await admin.script("create database \(database) encoding '\(name)' template template0 locale 'C'")
    let faults = try await Self.faults(try TestServer.url(database: database))
    try await admin.script("drop database \(database) with (force)")
    #expect(faults == [.encoding(name)])
    #expect(faults.first?.description.contains("the encoding is \(name), not UTF8") == true)
  }

  @Test("PostgreSQL itself will do, with a single connection, too")
  func direct() async throws {
    #expect(try await Self.faults(try TestServer.url()) == [])
    let faults = try await Self.with(try TestServer.url(), { $0.transactionConnectionsPerLoop = 1 }) {
      try await $0.unsuitability(deadline: .after(patience))
    }
    #expect(faults == [])
  }

  @Test(
    "a pooler that hands sessions on after each transaction or statement is told",
    arguments: [
      ("transaction", "default_pool_size=20"), ("transaction", "default_pool_size=1"),
      ("transaction", "server_round_robin=1"), ("statement", "default_pool_size=20"),
    ]
  )
  func sharedSessions(mode: String, more: String) async throws {
    try await PgBouncer.with(mode: mode, more) { url in
      let faults = try await Self.faults(url)
      #expect(faults == [.sharedSessions])
      #expect(faults.first?.description.contains("pool_mode=transaction") == true)
    }
  }

  @Test(
    "a pooler in session mode will do: transactions, reads, notifications and cancelling work",
    arguments: ["default_pool_size=20", "default_pool_size=1"]
  )
  func sessions(more: String) async throws {
    try await PgBouncer.with(mode: "session", more) { url in
      #expect(try await Self.faults(url) == [])
      guard !more.hasSuffix("=1") else { return }
      try await Self.with(url) { database in
        let table = "pooled_\(UInt32.random(in: 0 ... .max))"
        try await database.script("create table \(table) (n bigint)")
        let insert = PostgresStatement(name: "insert", sql: "insert into \(table) values ($1)")
        try await withThrowingTaskGroup(of: Void.self) { group in
          for number in 0..<60 as Range<Int64> {
            group.addTask {
              _ = try await database.withTransaction(deadline: .after(patience)) {
                try await $0.execute(insert, [.int8(number)])
              }
            }
          }
          try await group.waitForAll()
        }
        #expect(try await database.read("select count(*) from \(table)")[0].int64(0) == 60)
        var heard = try database.listen("pooled").makeAsyncIterator()
        #expect(await heard.next() == .listening)
        try await TestServer.observer().script("notify pooled, 'x'")
        #expect(await heard.next() == .notified(payload: "x"))
        let slow = await postgresError {
          try await database.query(
            PostgresStatement(name: "slow", sql: "select pg_sleep(30)"),
            deadline: .after(.milliseconds(200))
          )
        }
        #expect(slow?.kind == .timedOut)
        try await eventually("it was cancelled") {
          try await TestServer.observer().read(
            "select count(*) from pg_stat_activity where query = 'select pg_sleep(30)' and state = 'active'"
          )[0].int64(0) == 0
        }
        try await database.script("drop table \(table)")
      }
    }
  }

  @Test(
    "reads through a pooler leave no setting behind for other clients",
    arguments: ["session", "transaction"]
  )
  func noLeak(mode: String) async throws {
    try await PgBouncer.with(mode: mode, "server_reset_query=", "default_pool_size=1") { url in
      try await Self.with(url, { $0.readConnectionsPerLoop = 1 }) { database in
        _ = await postgresError { try await database.read("select 1") }
      }
      try await Self.with(url, { $0.transactionConnectionsPerLoop = 1 }) { database in
        let setting = try await database.withTransaction(deadline: .after(patience)) { transaction in
          try await transaction.query(
            PostgresStatement(
              name: "setting",
              sql: "select current_setting('default_transaction_read_only')",
              isPrepared: false
            )
          ).first?.text(0)
        }
        #expect(setting == "off")
      }
    }
  }
}

/// Debian's PgBouncer in front of the tests' server, for as long as a test.
enum PgBouncer {
  /// - Parameter body: is given the URL of the server's own database by way of the pooler.
  static func with(mode: String, _ more: String..., body: (String) async throws -> Void) async throws {
    guard let server = URLComponents(string: try TestServer.url()), let port = server.port else {
      throw TestFailure(description: "GATEWAY_TEST_DATABASE_URL names no port")
    }
    let folder = FileManager.default.temporaryDirectory.appending(path: "pgbouncer-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // PgBouncer refuses to run as root; a socket in a folder of the test needs no port that may be taken.
    try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder.path)
    let settings = """
      [databases]
      * = host=127.0.0.1 port=\(port)
      [pgbouncer]
      pool_mode = \(mode)
      listen_port = 6432
      unix_socket_dir = \(folder.path)
      unix_socket_mode = 0777
      auth_type = any
      logfile = \(folder.path)/log
      \(more.map { $0.replacingOccurrences(of: "=", with: " = ") }.joined(separator: "\n"))
      """
    // With auth_type any, the user towards the server is named with the database.
    let text = settings.replacingOccurrences(of: "port=\(port)", with: "port=\(port) user=postgres")
    let file = folder.appending(path: "pgbouncer.ini")
    try text.write(to: file, atomically: true, encoding: .utf8)
    let drop = getuid() == 0 ? ["--reuid", "postgres", "--regid", "postgres", "--clear-groups"] : []
    let pooler = try Subprocess(
      ["setpriv", "--pdeathsig", "KILL"] + drop + ["/usr/sbin/pgbouncer", file.path],
      errors: .none
    )
    let result: Result<Void, any Error>
    do {
      try await eventually("PgBouncer listens", within: .seconds(20)) {
        // The socket is there before anybody may connect.
        (try? String(contentsOfFile: "\(folder.path)/log", encoding: .utf8))?.contains("listening on unix")
          == true
      }
      let path = folder.path.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
      result = .success(try await body("postgresql://postgres@\(path):6432/postgres"))
    } catch {
      result = .failure(error)
    }
    pooler.send(SIGKILL)
    pooler.wait()
    try result.get()
  }
}
