import ServiceKit

/// Which rows are wanted.
struct AmongPrisoners: RequestQuery {
  let filter: StateFilter
  /// Where both prisoners of a row must be; nil asks nobody where they are.
  let prisonID: String?

  init(_ query: inout QueryFields) throws {
    filter = try StateFilter(&query)
    prisonID = query.text(
      "prisonId",
      "Lists only non-associations of which both prisoners are in this prison",
      example: "MDI"
    )
  }
}
