/// Which prepared statement serves which use of a `PostgresStatement`: the same text with parameters of the same types,
/// as all sessions of a loop number them. A name has several shapes when parameters of another type were given, as after
/// a null in the first use. Belongs to the loop.
final class StatementShapes {
  private struct Shape {
    let number: Int
    let sql: String
    let types: [UInt32]

    func fits(_ statement: PostgresStatement, _ parameters: [PostgresValue]) -> Bool {
      guard types.count == parameters.count, sql == statement.sql else { return false }
      for (type, parameter) in zip(types, parameters) where parameter.type != .unknown {
        if parameter.type.rawValue != type { return false }
      }
      return true
    }
  }

  /// Shapes of one name; further ones are not prepared, so that a session's memory at the server stays bounded.
  static let maximumOfOneName = 16

  /// By the statements' kinds.
  private var shapes: [[Shape]] = []
  /// By the shapes' numbers.
  private var types: [[UInt32]] = []

  /// The number of the shape that such parameters fit, a new one if need be; a null fits any type. nil if the statement
  /// is to be sent unprepared.
  func shape(of statement: PostgresStatement, _ parameters: [PostgresValue]) -> Int? {
    guard statement.isPrepared else { return nil }
    let kind = statement.kind.number
    if kind < shapes.count {
      for shape in shapes[kind] where shape.fits(statement, parameters) { return shape.number }
      guard shapes[kind].count < Self.maximumOfOneName else { return nil }
    } else {
      shapes.append(contentsOf: repeatElement([], count: kind + 1 - shapes.count))
    }
    types.append(parameters.map(\.type.rawValue))
    shapes[kind].append(Shape(number: types.count - 1, sql: statement.sql, types: types[types.count - 1]))
    return types.count - 1
  }

  /// The declared types of a shape's parameters.
  func types(of shape: Int) -> [UInt32] { types.indices.contains(shape) ? types[shape] : [] }
}
