/// What a transaction sees of others (PostgreSQL's manual, "Transaction Isolation").
public enum PostgresIsolation: String, Hashable, Sendable {
  /// Each statement sees what was committed before it began.
  case readCommitted = "read committed"
  /// All statements see what was committed before the first; a clash is a `.serializationFailure`.
  case repeatableRead = "repeatable read"
  /// As if transactions ran one after the other; a clash is a `.serializationFailure`.
  case serializable = "serializable"
}

extension PostgresIsolation {
  private static let beginReadCommitted = begin(.readCommitted)
  private static let beginRepeatableRead = begin(.repeatableRead)
  private static let beginSerializable = begin(.serializable)

  private static func begin(_ isolation: Self) -> PostgresStatement {
    PostgresStatement(name: "begin", sql: "begin isolation level \(isolation.rawValue)")
  }

  /// What begins a transaction of it.
  var begin: PostgresStatement {
    switch self {
    case .readCommitted: Self.beginReadCommitted
    case .repeatableRead: Self.beginRepeatableRead
    case .serializable: Self.beginSerializable
    }
  }
}
