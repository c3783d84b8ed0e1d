public import Postgres

/// A table's columns, each declared once: what selects, inserts and updates them, the orders of lists and the
/// check before an adoption all come from here. SQL stays text, with the lists that a table gives.
///
/// A record's fields are made by the initialiser of a struct that has one property for each:
/// ``Record/init(_:_:)`` runs it.
public struct Table<Row: Sendable>: Sendable {
  /// The name in the database.
  public let name: StaticString
  /// The columns in the order of their declaration.
  public private(set) var columns: [Column<Row>] = []
  /// What gives the values of an insert, one after the other.
  private var binds: [@Sendable (Row) -> PostgresValue] = []

  init(_ name: StaticString) { self.name = name }

  /// How many columns the select list has so far.
  var readCount: Int { columns.count(where: \.isRead) }

  mutating func add(_ column: Column<Row>) {
    columns.append(column)
    if !column.isGenerated { binds.append(column.bind) }
    // Made once: statements that are not prepared ask for them with each request.
    selected = columns.filter(\.isRead).map(\.name).joined(separator: ", ")
    all = columns.map(\.name).joined(separator: ", ")
  }

  /// Declares columns that a step of ours adds to the table of the service replaced: a database that is taken over
  /// lacks them.
  public mutating func added<Fields>(_ declare: (inout Self) -> Fields) -> Fields {
    let first = columns.count
    let fields = declare(&self)
    for index in columns[first...].indices { columns[index].isAdded = true }
    return fields
  }

  // MARK: Lists for SQL

  /// The select list, in the order in which fields read it.
  public private(set) var selected = ""

  /// The select list of a table that goes by another name in the statement.
  public func selected(of alias: String) -> String {
    columns.filter(\.isRead).map { "\(alias).\($0.name)" }.joined(separator: ", ")
  }

  /// Every column.
  public private(set) var all = ""

  /// `(column, …) values ($1, …)` for an insert: all columns but what the database makes.
  /// - Parameter first: the number of the first parameter; ``inserted(_:)`` gives the values.
  public func insertion(from first: Int) -> String {
    "(\(written)) values (\(placeholders(from: first)))"
  }

  /// The same for an insert that does nothing where a condition holds: `(column, …) select $1, … where not condition`.
  public func insertion(from first: Int, unless condition: String) -> String {
    "(\(written)) select \(placeholders(from: first)) where not \(condition)"
  }

  private var written: String {
    columns.filter { !$0.isGenerated }.map(\.name).joined(separator: ", ")
  }

  /// `$1, …`: the values of such an insert.
  public func placeholders(from first: Int) -> String {
    columns.filter { !$0.isGenerated }.enumerated().map { $1.placeholder(first + $0) }
      .joined(separator: ", ")
  }

  /// `column = …, …` for an update: all columns but what the database makes. A column whose bit is not set in the mask
  /// stays as it is stored, which may be more than could be read of it.
  /// - Parameters:
  ///   - mask: the number of the parameter that ``changes(from:to:)`` gives, a `bigint`.
  ///   - first: the number of the first parameter after that; ``inserted(_:)`` gives the values.
  public func assignments(mask: Int, from first: Int) -> String {
    columns.filter { !$0.isGenerated }.enumerated().map { index, column in
      "\(column.name) = case when $\(mask) & \(Int64(1) << index) <> 0"
        + " then \(column.placeholder(first + index)) else \(column.name) end"
    }.joined(separator: ", ")
  }

  // MARK: Parameters

  /// The values of all columns but what the database makes.
  public func inserted(_ row: Row) -> [PostgresValue] {
    var values: [PostgresValue] = []
    values.reserveCapacity(binds.count)
    for bind in binds { values.append(bind(row)) }
    return values
  }

  /// Which columns differ: the lowest bit is that of the first column that the database does not make.
  public func changes(from old: Row, to new: Row) -> Int64 {
    columns.filter { !$0.isGenerated }.enumerated().reduce(0) { mask, each in
      each.element.isSame(old, new) ? mask : mask | 1 << Int64(each.offset)
    }
  }

  // MARK: Adoption

  /// What a database must have to be taken over.
  public var adopted: [Adoption.Column] {
    columns.filter { !$0.isAdded }
      .map { Adoption.Column($0.name, $0.type.formatted, isNullable: $0.isNullable) }
  }

  /// A condition for SQL: whether such a database has a code in the row that this release does not know.
  public var holdsUnknownCode: String {
    columns.filter { !$0.isAdded }.compactMap { column in
      column.codes.map { list in
        "\(column.name) not in (\(list.codes.map { "'\($0.code)'" }.joined(separator: ", ")))"
      }
    }.joined(separator: " or ")
  }

  // MARK: Codes

  /// The codes of all columns, those of each type once, in the order of the columns.
  public var codeLists: [CodeList] {
    var names: Set<String> = []
    return columns.compactMap(\.codes).filter { names.insert($0.name).inserted }
  }

  // MARK: Sorting

  /// What lists are sorted by, under the names that callers use.
  public var sortable: [(name: String, column: Column<Row>)] {
    columns.compactMap { column in
      switch column.sorting {
      case .none: nil
      case .plain(let name), .ignoringCase(let name): (name, column)
      }
    }
  }
}
