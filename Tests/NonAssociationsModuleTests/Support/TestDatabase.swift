import EventLoops
import Foundation
import Logging
import Postgres
import Subprocess
import Testing
import Time

@testable import NonAssociationsModule

/// A database of a test's own on the server that `GATEWAY_TEST_DATABASE_URL` names.
enum TestDatabase {
  struct NoServer: Error, CustomStringConvertible {
    let description = "GATEWAY_TEST_DATABASE_URL is not set: run deploy/test, which starts a database"
  }

  /// Runs `body` with a migrated database, which is dropped afterwards.
  static func with<Result>(
    _ group: EventLoopGroup,
    _ body: (PostgresDatabase) async throws -> Result
  ) async throws -> Result {
    guard let url = ProcessInfo.processInfo.environment["GATEWAY_TEST_DATABASE_URL"],
      let slash = url.lastIndex(of: "/")
    else { throw NoServer() }
    let name = "na_test_\(UInt64.random(in: 0...UInt64.max))"
    let logger = Logger(label: "test-database")
    try run("create database \(name)", on: url)
    let database = try open(url[..<slash] + "/" + name, group, logger)
    let result: Swift.Result<Result, any Error>
    do {
      _ = try await migrator(logger).migrate(database, deadline: .now() + .seconds(60))
      result = .success(try await body(database))
    } catch {
      result = .failure(error)
    }
    await database.shutdown()
    try run("drop database \(name) with (force)", on: url)
    return try result.get()
  }

  /// Patient, because all tests make their databases at once on a machine that may be busy.
  private static func open(
    _ url: String,
    _ group: EventLoopGroup,
    _ logger: Logger
  ) throws -> PostgresDatabase {
    var configuration = PostgresConfiguration(connectionString: url)
    configuration.leaseTimeout = .seconds(60)
    configuration.connectTimeout = .seconds(60)
    configuration.statementTimeout = .seconds(60)
    return try PostgresDatabase(configuration: configuration, group: group, logger: logger)
  }

  static func migrator(_ logger: Logger = Logger(label: "migrations")) -> Migrator {
    Migrator(
      module: "non-associations",
      migrations: NonAssociationsModule.migrations,
      baseline: NonAssociationsModule.baseline,
      logger: logger
    )
  }

  /// With psql, because databases are made and dropped outside transactions.
  private static func run(_ sql: String, on url: String) throws {
    try Subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql])
  }
}
