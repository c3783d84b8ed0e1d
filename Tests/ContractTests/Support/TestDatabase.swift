import Foundation
import Subprocess

/// A database of one test, made by copying a migrated template, and looked into with psql, which shares no code with
/// the gateway.
struct TestDatabase: Sendable {
  let url: String

  /// One value, as text.
  func row(_ sql: String) async throws -> String { try await Psql.run(sql, url: url) }

  func run(_ sql: String) async throws { _ = try await Psql.run(sql, url: url) }

  /// Ends all its sessions and lets nobody in again.
  func refuseConnections() async throws {
    let name = url.split(separator: "/").last ?? ""
    _ = try await Psql.run("alter database \(name) allow_connections false", url: try Psql.serverURL)
    _ = try await Psql.run(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = '\(name)'",
      url: try Psql.serverURL
    )
  }

  /// Rows of a table, or of `table where …`.
  func count(_ table: String) async throws -> Int {
    Int(try await row("select count(*) from \(table)")) ?? -1
  }

  /// F(first, second) of docs/contract/non-associations.md §15.
  @discardableResult
  func insertOpen(
    _ first: String,
    _ second: String,
    created: String = "2023-12-05T12:34:56.123456Z",
    updated: String = "2023-12-05T12:34:56.123456Z"
  ) async throws -> Int {
    Int(
      try await row(
        """
        insert into non_association (first_prisoner_number, first_prisoner_role, second_prisoner_number,
          second_prisoner_role, reason, restriction_type, comment, authorised_by, updated_by, when_created, when_updated)
        values ('\(first)', 'VICTIM', '\(second)', 'PERPETRATOR', 'BULLYING', 'CELL', 'kept apart', 'Mr Bobby',
          'A_DPS_USER', '\(created)', '\(updated)') returning id
        """
      )
    ) ?? -1
  }

  /// Fc(first, second) of docs/contract/non-associations.md §15.
  @discardableResult
  func insertClosed(_ first: String, _ second: String, closed: String = "2023-12-05T12:34:56.123456Z")
    async throws -> Int
  {
    Int(
      try await row(
        """
        insert into non_association (first_prisoner_number, first_prisoner_role, second_prisoner_number,
          second_prisoner_role, reason, restriction_type, comment, authorised_by, updated_by, when_created, when_updated,
          is_closed, closed_by, closed_reason, closed_at)
        values ('\(first)', 'VICTIM', '\(second)', 'PERPETRATOR', 'BULLYING', 'CELL', 'kept apart', 'Mr Bobby',
          'CLOSE_USER', '2023-12-05T12:34:56.123456Z', '2023-12-05T12:34:56.123456Z', true, 'CLOSE_USER', 'settled',
          '\(closed)') returning id
        """
      )
    ) ?? -1
  }
}

/// psql, one command at a time.
enum Psql {
  static var serverURL: String {
    get throws {
      guard let url = ProcessInfo.processInfo.environment["GATEWAY_TEST_DATABASE_URL"] else {
        throw SocketFailure(
          description: "GATEWAY_TEST_DATABASE_URL is not set: run the tests with deploy/test"
        )
      }
      return url
    }
  }

  /// The URL of another database on the same server.
  static func url(database: String) throws -> String {
    guard var components = URLComponents(string: try serverURL) else {
      throw SocketFailure(description: "GATEWAY_TEST_DATABASE_URL is not a URL")
    }
    components.path = "/" + database
    return components.string ?? ""
  }

  static func run(_ sql: String, url: String) async throws -> String {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(with: Result { try runBlocking(sql, url) }) }
    }
  }

  private static func runBlocking(_ sql: String, _ url: String) throws -> String {
    let text = try Subprocess.run(
      ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql]
    )
    return String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
