/// A table with the fields of its record.
public struct Record<Row: Sendable, Fields: Sendable>: Sendable {
  /// The columns together.
  public let table: Table<Row>
  /// The columns one by one.
  public let fields: Fields

  /// - Parameter fields: declares the columns.
  public init(_ name: StaticString, _ fields: (inout Table<Row>) -> Fields) {
    var table = Table<Row>(name)
    self.fields = fields(&table)
    self.table = table
  }
}
