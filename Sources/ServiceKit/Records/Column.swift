internal import Postgres

/// A column as a ``Table`` has it.
public struct Column<Row>: Sendable {
  /// The type of a column, as far as records need it.
  public enum SQLType: Sendable, Equatable {
    case bigint
    case varchar(Int)
    case text
    case boolean
    case timestamptz
    /// `timestamp` without a zone, which is written as a text: no session's time zone touches it.
    case timestamp

    /// As PostgreSQL's `format_type` writes it.
    public var formatted: String {
      switch self {
      case .bigint: "bigint"
      case .varchar(let width): "character varying(\(width))"
      case .text: "text"
      case .boolean: "boolean"
      case .timestamptz: "timestamp with time zone"
      case .timestamp: "timestamp without time zone"
      }
    }
  }

  /// How lists are sorted by the column, and by which name callers ask for it.
  public enum Sorting: Sendable, Equatable {
    case none
    /// By its values.
    case plain(String)
    /// By its values, or by them in lower case where a caller asks for it.
    case ignoringCase(String)
  }

  /// The name in the database.
  public let name: String
  /// The type in the database.
  public let type: SQLType
  /// Whether the column may be null.
  public let isNullable: Bool
  /// Whether the database makes the value when a row is inserted.
  public let isGenerated: Bool
  /// Whether the select list has it; one that follows from other columns is only written.
  public let isRead: Bool
  /// How lists are sorted by it.
  public let sorting: Sorting
  /// The codes that it may hold; nil for a column of anything else.
  public let codes: CodeList?
  /// Whether a step of ours adds it: a database of the service replaced lacks it.
  public internal(set) var isAdded = false
  let bind: @Sendable (Row) -> PostgresValue
  let isSame: @Sendable (Row, Row) -> Bool

  /// A parameter as the value of the column.
  func placeholder(_ number: Int) -> String {
    type == .timestamp ? "$\(number)::text::timestamp" : "$\(number)"
  }
}
