internal import Text

/// Which non-associations are wanted, by their state (docs/contract/non-associations.md §7.3, §7.5).
struct StateFilter: Equatable, Sendable {
  var includeOpen = true
  var includeClosed = false

  /// - Throws: `NonAssociationsError.neitherOpenNorClosed`.
  func check() throws(NonAssociationsError) {
    guard includeOpen || includeClosed else { throw .neitherOpenNorClosed }
  }
}

/// Which part of which order of all non-associations is wanted (docs/contract/non-associations.md §7.3).
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

  /// The direction of an order by id alone; nil for another order.
  var directionByID: SortDirection? { orders.first.flatMap { $0.isByID ? $0.direction : nil } }
}
