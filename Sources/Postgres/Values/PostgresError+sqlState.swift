extension PostgresError {
  init(sqlState: String, constraint: String?, table: String?, detail: String, serverRoutine: String?) {
    self.init(
      Self.kind(ofSQLState: sqlState),
      sqlState: sqlState,
      constraint: constraint,
      table: table,
      detail: detail,
      serverRoutine: serverRoutine
    )
  }

  private static func kind(ofSQLState code: String) -> Kind {
    switch code {
    case "23505": .uniqueViolation
    case "23514": .checkViolation
    case "23502": .notNullViolation
    case "23503": .foreignKeyViolation
    case "23P01": .exclusionViolation
    case "40001": .serializationFailure
    case "40P01": .deadlock
    case "55P03": .lockNotAvailable
    case "57014": .queryCancelled
    case "22021", "22P05", "22P02": .invalidText
    case "22001": .stringTooLong
    case "22003", "22008": .outOfRange
    case "25006": .readOnly
    case "25P02": .transactionAborted
    default: endsConnection(code) ? .connectionLost : .other
    }
  }

  /// Whether the session is over once the server has said this: class 08, a shutdown, a crash or a terminated
  /// backend (57P01 to 57P05), a transaction that was idle or open too long (25P03, 25P04).
  static func endsConnection(_ sqlState: String) -> Bool {
    sqlState.hasPrefix("08") || sqlState.hasPrefix("57P") || sqlState == "25P03" || sqlState == "25P04"
  }

  /// Whether the server's plan of a prepared statement is gone or no longer fits its tables: preparing it again is
  /// the cure. 26000, and 0A000 from the plan cache ("cached plan must not change result type").
  var asksToPrepareAgain: Bool {
    sqlState == "26000" || (sqlState == "0A000" && serverRoutine == "RevalidateCachedQuery")
  }

  /// Whether the server, or an operator, ends sessions: 57P01 to 57P03. It may be about to be replaced by another.
  var endsServer: Bool { sqlState == "57P01" || sqlState == "57P02" || sqlState == "57P03" }
}
