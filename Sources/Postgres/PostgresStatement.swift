/// One SQL statement, prepared once on each connection that uses it. Keep it in a `static let` beside its store.
public struct PostgresStatement: Hashable, Sendable {
  /// What logs, metrics and errors call the statement, such as `non_association_by_id`. Two statements ought not to
  /// share a name.
  public let name: String
  /// A single statement with `$1`, `$2`, … for its parameters.
  public let sql: String

  public init(name: String, sql: String) {
    self.name = name
    self.sql = sql
  }
}
