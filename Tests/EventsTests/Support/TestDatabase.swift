import EventLoops
import Foundation
import Logging
import Postgres
import Subprocess

@testable import Events

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A database of a test's own on the server that `GATEWAY_TEST_DATABASE_URL` names.
struct TestDatabase: Sendable {
  /// As the code under test uses it.
  let database: PostgresDatabase
  /// As a person looks at it; its sessions are not those that a test ends.
  let observer: PostgresDatabase
  private let name: String

  /// Runs `body` on a loop with a migrated database, which is dropped afterwards.
  static func run(_ body: @escaping @Sendable (TestDatabase) async throws -> Void) async throws {
    guard let url = ProcessInfo.processInfo.environment["GATEWAY_TEST_DATABASE_URL"],
      let slash = url.lastIndex(of: "/")
    else {
      throw TestFailure(
        description: "GATEWAY_TEST_DATABASE_URL is not set: run deploy/test, which starts a server"
      )
    }
    let name = "events_test_\(getpid())_\(UInt32.random(in: 0...UInt32.max))"
    try psql("create database \(name)", on: url)
    let test = TestDatabase(
      database: try open(url[..<slash] + "/" + name, name),
      observer: try open(url[..<slash] + "/" + name, "observer"),
      name: name
    )
    let result: Result<Void, any Error>
    do {
      try await Loops.run {
        _ = try await Migrator(
          module: EventsMigrations.module,
          migrations: EventsMigrations.all,
          logger: quiet
        )
        .migrate(test.database, deadline: .soon)
        try await body(test)
      }
      result = .success(())
    } catch {
      result = .failure(error)
    }
    await test.database.shutdown()
    await test.observer.shutdown()
    try psql("drop database \(name) with (force)", on: url)
    try result.get()
  }

  private static func open(_ url: String, _ application: String) throws -> PostgresDatabase {
    var configuration = PostgresConfiguration(connectionString: url)
    configuration.applicationName = application
    configuration.leaseTimeout = .seconds(20)
    configuration.transactionConnectionsPerLoop = 6
    return try PostgresDatabase(configuration: configuration, group: Loops.shared, logger: quiet)
  }

  /// With psql, because databases are made and dropped outside transactions.
  private static func psql(_ sql: String, on url: String) throws {
    try Subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql])
  }

  // MARK: Looking and meddling

  /// The first column of a query, as integers.
  func numbers(_ sql: String, _ parameters: [PostgresValue] = []) async throws -> [Int64] {
    try await observer.query(PostgresStatement(name: sql, sql: sql), parameters, deadline: .soon)
      .map { try $0.int64(0) }
  }

  func count(_ table: String, where condition: String = "true") async throws -> Int64 {
    try await numbers("select count(*) from \(table) where \(condition)").first ?? -1
  }

  func change(_ sql: String) async throws {
    try await observer.withTransaction(deadline: .soon) { transaction in
      _ = try await transaction.query(PostgresStatement(name: sql, sql: sql))
    }
  }

  /// Ends all sessions of the code under test, the listening ones too.
  func killBackends() async throws {
    _ = try await numbers(
      "select pg_terminate_backend(pid)::int::bigint from pg_stat_activity where application_name = $1",
      [.text(name)]
    )
  }

  /// Commits events, in one transaction.
  func append(_ events: [DomainEvent], module: String = "non-associations") async throws {
    let outbox = PostgresOutbox(module: module, destinations: .test)
    try await observer.withTransaction(deadline: .soon) { transaction in
      for event in events { try await outbox.append(event, nil, in: transaction) }
    }
  }
}

extension OutboxDestinations {
  static let test = OutboxDestinations(topic: "test-topic", auditQueue: "audit")
}

/// An event whose message is `{"subject":"…","number":…}`.
func event(_ subject: String, _ number: Int, type: String = "non-associations.created") -> DomainEvent {
  DomainEvent(
    eventType: type,
    subject: subject,
    message: Array("{\"subject\":\"\(subject)\",\"number\":\(number)}".utf8)
  )
}
