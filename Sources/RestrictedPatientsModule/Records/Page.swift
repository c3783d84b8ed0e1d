import ServiceKit

/// A part of all patients, with the totals of the whole.
struct Page: Sendable {
  var patients: [PatientDetails]
  /// Of all pages.
  var total: Int64
  var query: PageRequest

  private var pages: Int64 { (total + query.size - 1) / query.size }

  enum Shape: ObjectShape {
    typealias Value = Page
    static let name: String? = "RestrictedPatientsPage"

    static func declare(_ json: inout some ObjectDescriber<Page>) {
      json.array("content", of: PatientDetails.Shape.self) { $0.patients }
      json.boolean("first") { $0.query.page == 0 }
      json.boolean("last") { $0.query.page + 1 >= $0.pages }
      json.integer("number", .integer("The page, counted from 0")) { $0.query.page }
      json.integer("numberOfElements") { Int64($0.patients.count) }
      json.integer("size") { $0.query.size }
      json.integer("totalElements", .integer("How many patients all pages have")) { $0.total }
      json.integer("totalPages") { $0.pages }
    }
  }
}
