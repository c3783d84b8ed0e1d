internal import Text

/// Which non-associations are wanted, by their state (`non-associations.md` §7.3, §7.5).
struct StateFilter: Equatable, Sendable {
  var includeOpen = true
  var includeClosed = false

  /// - Throws: `NonAssociationsError.neitherOpenNorClosed`.
  func check() throws(NonAssociationsError) {
    guard includeOpen || includeClosed else { throw .neitherOpenNorClosed }
  }
}

/// Which part of which order of all non-associations is wanted (§7.3).
struct PageRequest: Equatable, Sendable {
  static let defaultSize: Int64 = 20
  static let maximumSize: Int64 = 200

  var filter = StateFilter()
  /// From 0.
  var number: Int64
  /// 1 to 200.
  var size: Int64
  var orders: [SortOrder]

  /// - Parameters:
  ///   - page: the parameter's text; whatever is no 32-bit number from 0 means 0.
  ///   - size: the parameter's text; whatever is no positive 32-bit number means 20.
  ///   - sort: the parameter's values.
  /// - Throws: `NonAssociationsError.pageTooLarge`, `neitherOpenNorClosed`, `unknownSortField`, in this order.
  init(filter: StateFilter, page: String?, size: String?, sort: [String]) throws(NonAssociationsError) {
    self.filter = filter
    number = max(0, page.flatMap { Int32($0) }.map(Int64.init) ?? 0)
    let wanted = size.flatMap { Int32($0) }.map(Int64.init) ?? Self.defaultSize
    self.size = wanted < 1 ? Self.defaultSize : wanted
    guard self.size <= Self.maximumSize else { throw .pageTooLarge(limit: Self.maximumSize) }
    orders = []
    try filter.check()
    orders = try SortOrder.list(sort)
  }

  var offset: Int64 { number * size }
}

/// One step of an order: a property of a non-association and a direction.
struct SortOrder: Equatable, Sendable {
  enum Field: String, CaseIterable, Sendable {
    case id, firstPrisonerNumber, firstPrisonerRole, secondPrisonerNumber, secondPrisonerRole, reason,
      restrictionType, comment, authorisedBy, isClosed, closedBy, closedReason, closedAt, whenCreated,
      whenUpdated, updatedBy
  }

  var field: Field
  var direction: SortDirection
  /// Only texts that are no codes can ignore it.
  var ignoresCase = false

  /// Reads `field`, `field,DESC`, `f1,f2,DESC`, each with `,ignorecase` behind it (§7.3). Without any field it is by
  /// id; a field that comes again decides nothing and is left out, and so is what comes after the id.
  /// - Throws: `NonAssociationsError.unknownSortField`.
  static func list(_ values: [String]) throws(NonAssociationsError) -> [SortOrder] {
    var orders: [SortOrder] = []
    for value in values {
      for order in try parse(value)
      where !orders.contains(where: { $0.field == order.field || $0.field == .id }) {
        orders.append(order)
      }
    }
    if !orders.contains(where: { $0.field == .id }) {
      orders.append(SortOrder(field: .id, direction: .ascending))
    }
    return orders
  }

  private static func parse(_ value: String) throws(NonAssociationsError) -> [SortOrder] {
    var parts = value.split(separator: ",").filter { part in !part.allSatisfy { $0 == "." || $0.isWhitespace }
    }
    let ignoresCase = parts.last.map { String($0).asciiLowercased } == "ignorecase"
    if ignoresCase { parts.removeLast() }
    let direction = parts.last.flatMap { SortDirection(code: String($0).asciiUppercased) }
    if direction != nil { parts.removeLast() }
    var orders: [SortOrder] = []
    for part in parts {
      guard let field = Field(code: String(part)) else { throw .unknownSortField }
      orders.append(SortOrder(field: field, direction: direction ?? .ascending, ignoresCase: ignoresCase))
    }
    return orders
  }
}
