/// Why the database did not do what it was asked.
///
/// `description` says nothing that came from a row or a parameter, so it may be logged anywhere; `debugDescription`
/// holds the server's own words, which often quote values, and belongs in logs at debug level only.
public struct PostgresError: Error, Hashable, Sendable {
  /// What a caller can decide by. The SQLSTATE codes are those of PostgreSQL's Appendix A.
  public enum Kind: String, Hashable, Sendable {
    /// 23505; `constraint` names the index.
    case uniqueViolation
    /// 23514; `constraint` names the check.
    case checkViolation
    /// 23502.
    case notNullViolation
    /// 23503; `constraint` names the key.
    case foreignKeyViolation
    /// 23P01; `constraint` names the exclusion.
    case exclusionViolation
    /// 40001: run the whole transaction again.
    case serializationFailure
    /// 40P01: run the whole transaction again.
    case deadlock
    /// 55P03: a lock was asked for with `nowait` or a lock time-out, and could not be had.
    case lockNotAvailable
    /// 57014: the server stopped the statement for somebody else than this caller.
    case queryCancelled
    /// 22021, 22P05, 22P02: a text that the encoding or the type does not allow.
    case invalidText
    /// 22001.
    case stringTooLong
    /// 22003, 22008: a number or a time outside its type's range.
    case outOfRange
    /// 25006: a write on a connection that may only read, such as a demoted server's or one of the read path.
    case readOnly
    /// 25P02, or a COMMIT that the server turned into a ROLLBACK: an earlier statement of the transaction failed.
    case transactionAborted
    /// No connection could be opened in the time there was.
    case connectionFailed
    /// The connection broke before the answer came. Nothing was committed.
    case connectionLost
    /// No connection came free within the lease time-out or the caller's deadline.
    case poolTimeout
    /// Too many wait already.
    case poolExhausted
    /// The statement's deadline passed; the server was told to stop it.
    case timedOut
    /// The calling task was cancelled; the server was told to stop the statement.
    case cancelled
    /// The answer to a COMMIT was lost: the transaction may or may not have happened.
    case commitUnknown
    /// A parameter that PostgreSQL cannot hold, such as a text with a NUL; nothing was sent.
    case invalidParameter
    /// A row that is not what the reader asked for: no such column, another type, an unexpected null.
    case unexpectedData
    /// A transaction was used after its end, or for two statements at once.
    case misuse
    /// The database object was shut down.
    case shutDown
    /// Any other SQLSTATE.
    case other
  }

  /// What went wrong, as far as a caller can act on it.
  public let kind: Kind
  /// The five characters of SQLSTATE, when the server gave the error.
  public let sqlState: String?
  /// The constraint or index that was violated, when the server named one.
  public let constraint: String?
  /// The table the server named, if any.
  public let table: String?
  /// The name of the statement that failed, if one did.
  public internal(set) var statement: String?
  /// The server's or libpq's words; may quote values of rows and parameters.
  public let detail: String
  /// The server function that gave up: tells apart errors that share a SQLSTATE, in any language of the messages.
  let serverRoutine: String?

  /// - Parameter detail: the server's or libpq's words; shown by `debugDescription` only.
  public init(
    _ kind: Kind,
    sqlState: String? = nil,
    constraint: String? = nil,
    table: String? = nil,
    statement: String? = nil,
    detail: String = "",
    serverRoutine: String? = nil
  ) {
    self.kind = kind
    self.sqlState = sqlState
    self.constraint = constraint
    self.table = table
    self.statement = statement
    self.detail = detail
    self.serverRoutine = serverRoutine
  }

  /// Whether it passes: nothing was done, and a caller may be told to come back. So are the database or a place at it
  /// that cannot be had, a time that ran out, and what ``isRetriable`` tells of; of the server's errors those of
  /// the classes 40 (rolled back), 53 (no resources), 57 (an operator intervened) and 58 (a system error). A COMMIT
  /// whose answer was lost is not: what it did stays.
  public var isTemporary: Bool {
    switch kind {
    case .connectionFailed, .connectionLost, .poolTimeout, .poolExhausted, .shutDown, .timedOut,
      .lockNotAvailable:
      true
    case .commitUnknown: false
    default:
      isRetriable || ["40", "53", "57", "58"].contains { sqlState?.hasPrefix($0) ?? false }
    }
  }

  /// Whether running the same transaction once more from its start is the cure: it did nothing, and need not fail again.
  /// 40001, 40P01, 25006 (on another connection, perhaps of a server that may write), 26000 and the plan cache's 0A000.
  public var isRetriable: Bool {
    switch kind {
    case .serializationFailure, .deadlock, .readOnly: true
    case .commitUnknown: false
    default: asksToPrepareAgain
    }
  }

  /// Whether a parameter is the cause, which the database has no place for: a text with a NUL, or with a character that
  /// its encoding lacks (22021, 22P05).
  public var isUnstorable: Bool {
    kind == .invalidParameter || sqlState == "22021" || sqlState == "22P05"
  }

  /// The same as `debugDescription`: may quote data, for logs at debug level.
  public var message: String { debugDescription }
}

extension PostgresError: CustomStringConvertible, CustomDebugStringConvertible {
  public var description: String {
    var text = "database: \(kind.rawValue)"
    if let sqlState { text += ", SQLSTATE \(sqlState)" }
    if let constraint { text += ", constraint \(constraint)" }
    if let statement { text += ", statement \(statement)" }
    return text
  }

  /// With the server's words, which may quote data: for logs at debug level.
  public var debugDescription: String { detail.isEmpty ? description : "\(description): \(detail)" }
}
