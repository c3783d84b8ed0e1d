/// The statements one connection has prepared, by name. A name has several variants only when parameters of another
/// type were given, as after a null in the first use.
struct PreparedStatements {
  private struct Variant {
    var sql: String
    var types: [UInt32]
    var serverName: String

    func fits(_ statement: PostgresStatement, _ parameters: [PostgresValue]) -> Bool {
      guard types.count == parameters.count, sql == statement.sql else { return false }
      for (type, parameter) in zip(types, parameters) where parameter.type != .unknown {
        if parameter.type.rawValue != type { return false }
      }
      return true
    }
  }

  private var variants: [String: [Variant]] = [:]
  private var made = 0

  /// The server's name for the statement, if it is prepared for such parameters. A null fits any type.
  func serverName(of statement: PostgresStatement, _ parameters: [PostgresValue]) -> String? {
    variants[statement.name]?.first { $0.fits(statement, parameters) }?.serverName
  }

  /// Notes a statement as prepared. Server names are never used twice, so a failure of one variant is no other's.
  mutating func insert(
    _ statement: PostgresStatement,
    _ parameters: [PostgresValue]
  ) -> (serverName: String, types: [UInt32]) {
    made += 1
    // The server cuts names at 63 bytes; the number comes first so that cutting keeps them apart.
    let variant = Variant(
      sql: statement.sql,
      types: parameters.map(\.type.rawValue),
      serverName: "s\(made)_\(statement.name)"
    )
    variants[statement.name, default: []].append(variant)
    return (variant.serverName, variant.types)
  }

  /// Forgets all; the server keeps them until the connection ends.
  mutating func removeAll() { variants = [:] }

  mutating func remove(name: String, serverName: String) {
    variants[name]?.removeAll { $0.serverName == serverName }
  }
}
