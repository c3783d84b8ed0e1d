public import EventLoops
import Foundation
import Logging
public import Postgres
import Subprocess
import Time

/// A database of a test's own on the server that `GATEWAY_TEST_DATABASE_URL` names.
public enum TestDatabase {
  /// There is no server to make it on.
  public struct NoServer: Error, CustomStringConvertible {
    public let description = "GATEWAY_TEST_DATABASE_URL is not set: run deploy/test, which starts a database"
  }

  /// Runs `body` with a database that `migrator` has migrated; it is dropped afterwards.
  public static func with<Value>(
    _ group: EventLoopGroup,
    _ migrator: Migrator,
    _ body: (PostgresDatabase) async throws -> Value
  ) async throws -> Value {
    guard let url = ProcessInfo.processInfo.environment["GATEWAY_TEST_DATABASE_URL"],
      let slash = url.lastIndex(of: "/")
    else { throw NoServer() }
    let name = "module_test_\(UInt64.random(in: 0...UInt64.max))"
    try run("create database \(name)", on: url)
    let database = try open(url[..<slash] + "/" + name, group)
    let result: Result<Value, any Error>
    do {
      _ = try await migrator.migrate(database, deadline: .now() + .seconds(60))
      result = .success(try await body(database))
    } catch {
      result = .failure(error)
    }
    await database.shutdown()
    try run("drop database \(name) with (force)", on: url)
    return try result.get()
  }

  /// Patient, because all tests make their databases at once on a machine that may be busy.
  private static func open(_ url: String, _ group: EventLoopGroup) throws -> PostgresDatabase {
    var configuration = PostgresConfiguration(connectionString: url)
    configuration.leaseTimeout = .seconds(60)
    configuration.connectTimeout = .seconds(60)
    configuration.statementTimeout = .seconds(60)
    return try PostgresDatabase(
      configuration: configuration,
      group: group,
      logger: Logger(label: "test-database")
    )
  }

  /// With psql, because databases are made and dropped outside transactions.
  private static func run(_ sql: String, on url: String) throws {
    try Subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql])
  }
}
