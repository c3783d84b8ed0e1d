import ServiceKit

/// The module's query parameters: read by its routes, described with its operations.
enum Parameters {
  static let includeOpen = QueryParameter.boolean("includeOpen", "Whether open ones are given", default: true)
  static let includeClosed = QueryParameter.boolean(
    "includeClosed",
    "Whether closed ones are given",
    default: false
  )
  static let includeOtherPrisons = QueryParameter.boolean(
    "includeOtherPrisons",
    "Whether those are given whose other prisoner is in another prison",
    default: false
  )
  static let sortBy = QueryParameter.choice(
    "sortBy",
    "What the list is sorted by; WHEN_CREATED if left out",
    of: SortKey.self
  )
  static let sortDirection = QueryParameter.choice(
    "sortDirection",
    "Its direction; descending for times and ascending for all else if left out",
    of: SortDirection.self
  )
  static let prisonID = QueryParameter.text(
    "prisonId",
    "Only those of which both prisoners are in this prison",
    example: "MDI"
  )
  static let pageNumber = QueryParameter.text("page", "The page, from 0; 0 if left out")
  static let pageSize = QueryParameter.text("size", "How many a page has, at most 200; 20 if left out")
  static let sort = QueryParameter<[String]>(
    "sort",
    "`field`, `field,DESC`, or several fields and a direction; may be repeated",
    .text(example: "whenCreated,DESC"),
    isRepeated: true
  ) { request throws(PlatformFailure) in request.queryValues("sort") }

  static let list = [
    includeOpen.declaration, includeClosed.declaration, includeOtherPrisons.declaration, sortBy.declaration,
    sortDirection.declaration,
  ]
  static let page = [
    includeOpen.declaration, includeClosed.declaration, pageNumber.declaration, pageSize.declaration,
    sort.declaration,
  ]
  static let numbers = [includeOpen.declaration, includeClosed.declaration, prisonID.declaration]
}
