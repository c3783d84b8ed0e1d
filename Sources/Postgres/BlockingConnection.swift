internal import CLibPQ

/// A connection for migrations: one statement after the other, blocking, on a thread that may block.
final class BlockingConnection {
  private let connection: OpaquePointer

  /// - Throws: `PostgresError` of kind `connectionLost`.
  init(_ configuration: PostgresConfiguration) throws(PostgresError) {
    connection = try Connector.connectBlocking(configuration).get().pointer
  }

  deinit { PQfinish(connection) }

  /// Runs one or more statements.
  /// - Returns: the rows of the last one as texts; nil stands for null.
  /// - Throws: `PostgresError`.
  @discardableResult
  func run(_ sql: String) throws(PostgresError) -> [[String?]] {
    guard let result = PQexec(connection, sql) else {
      throw PostgresError(.connectionLost, message: lastMessage)
    }
    defer { PQclear(result) }
    switch PQresultStatus(result) {
    case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: break
    default: throw PostgresError(result: result)
    }
    return (0..<PQntuples(result)).map { row in
      (0..<PQnfields(result)).map { column in
        PQgetisnull(result, row, column) == 1
          ? nil : PQgetvalue(result, row, column).map { String(cString: $0) }
      }
    }
  }

  /// Runs `body` in a transaction; rolls back when it throws.
  func transaction<Failure: Error>(_ body: () throws(Failure) -> Void) throws(PostgresError) -> Failure? {
    try run("begin")
    do throws(Failure) {
      try body()
    } catch {
      try run("rollback")
      return error
    }
    try run("commit")
    return nil
  }

  /// The text as an SQL literal.
  static func literal(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
  }

  private var lastMessage: String { String(cString: PQerrorMessage(connection)) }
}
