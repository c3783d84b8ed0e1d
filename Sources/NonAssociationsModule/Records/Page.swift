import ServiceKit

/// A part of all non-associations, with the totals of the whole (docs/contract/non-associations.md §5).
struct Page: Sendable {
  var items: [NonAssociation]
  /// Of all pages.
  var total: Int64
  var request: PageRequest

  private var pages: Int64 { (total + request.size - 1) / request.size }

  /// The shape that Spring Data gives a page: all keys are always there, and none is called required.
  enum Shape: ObjectShape {
    typealias Value = Page
    static let name: String? = "PageNonAssociation"
    static let isAllRequired = false

    static func declare(_ json: inout some ObjectDescriber<Page>) {
      json.integer("totalElements", .integer("How many non-associations all pages have")) { $0.total }
      json.integer("totalPages", .integer(format: .int32)) { $0.pages }
      json.integer("size", .integer(format: .int32)) { $0.request.size }
      json.array("content", of: NonAssociation.Shape.self) { $0.items }
      json.integer("number", .integer("The page, counted from 0", format: .int32)) { $0.request.number }
      json.boolean("first") { $0.request.number == 0 }
      json.boolean("last") { $0.request.number + 1 >= $0.pages }
      json.object("sort", Sort.self) { $0.request }
      json.integer("numberOfElements", .integer(format: .int32)) { Int64($0.items.count) }
      json.object("pageable", Pageable.self) { $0.request }
      json.boolean("empty") { $0.items.isEmpty }
    }
  }

  private enum Pageable: ObjectShape {
    typealias Value = PageRequest
    static let name: String? = "PageableObject"
    static let isAllRequired = false

    static func declare(_ json: inout some ObjectDescriber<PageRequest>) {
      json.integer("offset") { $0.offset }
      json.object("sort", Sort.self) { $0 }
      json.integer("pageSize", .integer(format: .int32)) { $0.size }
      json.integer("pageNumber", .integer(format: .int32)) { $0.number }
      json.boolean("paged") { _ in true }
      json.boolean("unpaged") { _ in false }
    }
  }

  private enum Sort: ObjectShape {
    typealias Value = PageRequest
    static let name: String? = "SortObject"
    static let isAllRequired = false

    static func declare(_ json: inout some ObjectDescriber<PageRequest>) {
      json.boolean("empty") { _ in false }
      json.boolean("sorted") { _ in true }
      json.boolean("unsorted") { _ in false }
    }
  }

  /// About how many bytes it is as JSON.
  var jsonSize: Int { 512 + items.count * 1024 }
}
