/// What went wrong with a statement, a transaction or a connection.
///
/// `description` names the kind and the SQLSTATE only: the server's message may quote rows, so it goes to debug logs.
public struct PostgresError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Kind: String, Hashable, Sendable {
    /// 23505; `constraint` names it.
    case uniqueViolation
    /// 23514; `constraint` names it.
    case checkViolation
    /// 23502.
    case notNullViolation
    /// 23503.
    case foreignKeyViolation
    /// 40001: run the transaction again.
    case serializationFailure
    /// 40P01: run the transaction again.
    case deadlock
    /// 57014: cancelled on the server, by us or by its `statement_timeout`.
    case queryCancelled
    /// A text that PostgreSQL cannot store: a NUL, or bytes that are not UTF-8 (22021, 22P05).
    case invalidText
    /// 22001: a text longer than its column.
    case stringTooLong
    /// The deadline passed; the statement was cancelled on the server.
    case timedOut
    /// The caller's task was cancelled.
    case cancelled
    /// The connection broke before the answer came.
    case connectionLost
    /// No connection became free in time, or too many were waiting.
    case poolTimeout
    /// The connection broke after COMMIT was sent: whether it happened is not known.
    case commitUnknown
    /// A row does not have the column or the type that was asked for.
    case unexpectedRow
    /// Anything else; `sqlState` says what.
    case other
  }

  public let kind: Kind
  /// Five characters (PostgreSQL manual, Appendix A); nil when the error did not come from the server.
  public let sqlState: String?
  /// The constraint that was violated, if the server named one.
  public let constraint: String?
  /// The server's or libpq's text. It may hold data of rows: never show it to a caller, log it at debug only.
  public let message: String

  public init(_ kind: Kind, sqlState: String? = nil, constraint: String? = nil, message: String) {
    self.kind = kind
    self.sqlState = sqlState
    self.constraint = constraint
    self.message = message
  }

  public var description: String {
    sqlState.map { "PostgreSQL: \(kind.rawValue) (\($0))" } ?? "PostgreSQL: \(kind.rawValue)"
  }

  static func kind(ofSQLState state: String) -> Kind {
    switch state {
    case "23505": .uniqueViolation
    case "23514": .checkViolation
    case "23502": .notNullViolation
    case "23503": .foreignKeyViolation
    case "40001": .serializationFailure
    case "40P01": .deadlock
    case "57014": .queryCancelled
    case "22021", "22P05": .invalidText
    case "22001": .stringTooLong
    case _ where state.hasPrefix("08"): .connectionLost
    case "57P01", "57P02", "57P03", "57P05": .connectionLost
    default: .other
    }
  }

  /// Whether the connection must not be used again: it is broken, or its server has become read-only (25006, after a
  /// failover), which a new connection would find out.
  var endsConnection: Bool { kind == .connectionLost || sqlState == "25006" }
}
