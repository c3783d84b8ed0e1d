import ServiceKit
internal import Text

/// One step of an order: a column of non-associations and a direction.
struct SortOrder: Equatable, Sendable {
  /// What lists may be sorted by, under the names of the JSON properties.
  static let names = columns.map(\.name)

  private static let columns = NonAssociation.record.table.sortable

  /// One of ``names``.
  let name: String
  let direction: SortDirection
  let ignoresCase: Bool
  /// As a statement has it.
  let sql: String

  /// - Parameter ignoresCase: codes, times and numbers cannot.
  /// - Returns: nil for a name that is none.
  init?(_ name: String, _ direction: SortDirection, ignoresCase: Bool = false) {
    let found = Self.columns.first { $0.name.hasSameBytes(as: name) }
    guard let column = found?.column else { return nil }
    self.name = name
    self.direction = direction
    self.ignoresCase = ignoresCase && column.sorting == .ignoringCase(name)
    sql =
      (self.ignoresCase ? "lower(\(column.name))" : column.name) + (direction == .descending ? " desc" : "")
  }

  var isByID: Bool { name == "id" }

  /// Reads `field`, `field,DESC`, `f1,f2,DESC`, each with `,ignorecase` behind it (docs/contract/non-associations.md §7.3).
  /// Without any field it is by id; a field that comes again decides nothing and is left out, and so is what comes after
  /// the id.
  /// - Throws: `NonAssociationsError.unknownSortField`.
  static func list(_ values: [String]) throws(NonAssociationsError) -> [SortOrder] {
    var orders: [SortOrder] = []
    for value in values {
      for order in try parse(value)
      where !orders.contains(where: { $0.name == order.name || $0.isByID }) {
        orders.append(order)
      }
    }
    if !orders.contains(where: { $0.isByID }), let byID = SortOrder("id", .ascending) { orders.append(byID) }
    return orders
  }

  private static func parse(_ value: String) throws(NonAssociationsError) -> [SortOrder] {
    var parts = value.split(separator: ",").filter { part in
      !part.allSatisfy { $0 == "." || $0.isWhitespace }
    }
    let ignoresCase = parts.last.map { String($0).asciiLowercased } == "ignorecase"
    if ignoresCase { parts.removeLast() }
    let direction = parts.last.flatMap { SortDirection(code: String($0).asciiUppercased) }
    if direction != nil { parts.removeLast() }
    var orders: [SortOrder] = []
    for part in parts {
      guard let order = SortOrder(String(part), direction ?? .ascending, ignoresCase: ignoresCase) else {
        throw .unknownSortField(known: Self.names)
      }
      orders.append(order)
    }
    return orders
  }
}

enum SortDirection: String, CaseIterable, Sendable {
  case ascending = "ASC"
  case descending = "DESC"
}
