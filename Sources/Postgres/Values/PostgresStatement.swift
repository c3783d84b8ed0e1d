/// One SQL statement, prepared once on each connection that uses it. Keep it in a `static let` beside its store: what is
/// prepared stays so while the connection lives, so there must not be ever more of them.
public struct PostgresStatement: Hashable, Sendable {
  /// What logs, metrics and errors call the statement, such as `non_association_by_id`. Two statements ought not to
  /// share a name.
  public let name: String
  /// A single statement with `$1`, `$2`, … for its parameters.
  public let sql: String
  /// False for a text that is put together for one use: it is parsed and planned each time, and leaves nothing behind.
  public let isPrepared: Bool
  let kind: StatementKind

  /// - Parameters:
  ///   - name: what logs, metrics and errors call the statement.
  ///   - sql: a single statement with `$1`, `$2`, … for its parameters.
  ///   - isPrepared: false for a text that is put together for one use.
  public init(name: String, sql: String, isPrepared: Bool = true) {
    self.name = name
    self.sql = sql
    self.isPrepared = isPrepared
    kind = StatementKind(named: name)
  }
}
