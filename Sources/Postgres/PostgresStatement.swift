/// One SQL statement with parameters `$1`, `$2`, …, prepared on each connection before its first use there and cached.
public struct PostgresStatement: Hashable, Sendable {
  /// Names the prepared statement; two different texts must not share a name.
  public let name: String
  public let sql: String

  public init(name: String, sql: String) {
    self.name = name
    self.sql = sql
  }

  public static func == (left: Self, right: Self) -> Bool { left.name == right.name }
  public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
