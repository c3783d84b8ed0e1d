import ServiceKit

/// The module's query parameters: read by its routes, described with its operations.
enum Parameters {
  static let supportingPrison = QueryParameter.text(
    "supportingPrisonId",
    "Only those of this prison",
    example: "MDI"
  )
  static let hospital = QueryParameter.text(
    "hospitalLocationCode",
    "Only those in this hospital",
    example: "HAZLWD"
  )
  static let from = QueryParameter.text("dischargedFrom", "The first day of discharge", example: "2021-07-16")
  static let to = QueryParameter.text("dischargedTo", "The last day of discharge", example: "2021-07-16")
  static let page = QueryParameter.text("page", "The page, from 0; 0 if left out", example: "0")
  static let size = QueryParameter.text("size", "How many a page has", example: "20")
}
