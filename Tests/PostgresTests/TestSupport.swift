import EventLoops
import Foundation
import Logging
import Synchronization
import TestKit
import Testing
import Time

@testable import Postgres

/// The loops of this test process; they end with it.
enum Loops {
  static let shared: EventLoopGroup = {
    do { return try EventLoopGroup(count: 2) } catch { fatalError("no event loops: \(error)") }
  }()

  /// Runs `body` as a request runs: on one loop, with all its child tasks.
  static func run<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value
  {
    try await Task(executorPreference: shared.loops[0]) { try await body() }.value
  }
}

struct TestFailure: Error, CustomStringConvertible {
  var description: String
}

extension MonotonicInstant {
  static func after(_ duration: Duration) -> MonotonicInstant { .now() + duration }
}

/// Long enough for a machine under load, short enough for a person who waits.
let patience = Duration.seconds(60)

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

enum TestServer {
  static func url() throws -> String {
    guard let url = ProcessInfo.processInfo.environment["GATEWAY_TEST_DATABASE_URL"] else {
      throw TestFailure(
        description: "GATEWAY_TEST_DATABASE_URL is not set: run deploy/test, which starts a server"
      )
    }
    return url
  }

  /// The same server's URL with another database.
  static func url(database: String) throws -> String {
    guard var components = URLComponents(string: try url()) else {
      throw TestFailure(description: "GATEWAY_TEST_DATABASE_URL is no URL")
    }
    components.path = "/\(database)"
    return components.string ?? ""
  }

  private static let counter = Atomic<Int>(0)

  private static let shared = Result {
    var configuration = PostgresConfiguration(connectionString: try url())
    configuration.leaseTimeout = patience
    return try PostgresDatabase(configuration: configuration, group: Loops.shared, logger: quiet)
  }

  /// The server as somebody else sees it: for what tests do to, and ask about, their own sessions. It ends with the
  /// process.
  static func observer() throws -> PostgresDatabase { try shared.get() }

  /// Runs `body` with a database of its own, and checks that it gave back every connection.
  static func withDatabase(
    _ configure: (inout PostgresConfiguration) -> Void = { _ in },
    logger: Logger = quiet,
    _ body: (PostgresDatabase) async throws -> Void
  ) async throws {
    let name = "gateway_test_\(getpid())_\(counter.wrappingAdd(1, ordering: .relaxed).newValue)"
    let admin = try observer()
    try await admin.script("create database \(name)")
    var configuration = PostgresConfiguration(connectionString: try url(database: name))
    configuration.leaseTimeout = .seconds(20)
    configuration.applicationName = name
    configure(&configuration)
    let database = try PostgresDatabase(configuration: configuration, group: Loops.shared, logger: logger)
    do {
      try await body(database)
      try await eventually("every connection is given back") {
        let now = await database.statistics()
        return now.transactions.inUse == 0 && now.transactions.waiting == 0 && now.reads.inFlight == 0
      }
    } catch {
      await database.shutdown()
      try? await admin.script("drop database \(name) with (force)")
      throw error
    }
    await database.shutdown()
    try await admin.script("drop database \(name) with (force)")
  }
}

extension PostgresDatabase {
  func script(_ sql: String) async throws {
    try await withSession(deadline: .after(patience)) { try await $0.script("script", sql) }
  }

  func read(_ sql: String, _ parameters: [PostgresValue] = []) async throws(PostgresError) -> PostgresRows {
    try await query(PostgresStatement(name: "test", sql: sql), parameters, deadline: .after(patience))
  }

  /// The processes of this database object's sessions for which `condition` holds.
  func backends(_ condition: String = "true") async throws -> [Int64] {
    let rows = try await TestServer.observer().read(
      "select pid::bigint from pg_stat_activity where application_name = $1 and (\(condition))",
      [.text(configuration.applicationName)]
    )
    return try rows.map { try $0.int64(0) }
  }

  /// Whether some session of this database object is in `pg_sleep`.
  func isSleeping() async throws -> Bool { try await !backends("wait_event = 'PgSleep'").isEmpty }

  /// The process that serves a transaction now.
  func backendOfTransaction() async throws -> Int64 {
    try await withTransaction(deadline: .after(patience)) { transaction in
      try await transaction.query(PostgresStatement(name: "backend", sql: "select pg_backend_pid()::bigint"))[
        0
      ].int64(0)
    }
  }

  /// Ends all sessions of this database object.
  func terminateBackends() async throws {
    _ = try await TestServer.observer().read(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1",
      [.text(configuration.applicationName)]
    )
  }
}

/// The error that `body` throws, or nil.
func postgresError<Value>(_ body: () async throws -> Value) async -> PostgresError? {
  do {
    _ = try await body()
    return nil
  } catch {
    return error as? PostgresError
  }
}
