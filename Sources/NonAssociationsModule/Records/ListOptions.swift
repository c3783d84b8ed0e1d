/// What to list for a prisoner, and in which order (docs/contract/non-associations.md §7.1).
struct ListOptions: Equatable, Sendable {
  var includeOpen = true
  var includeClosed = false
  var includeOtherPrisons = false
  var sortBy = SortKey.whenCreated
  /// Nil means the key's own default.
  var sortDirection: SortDirection?

  var direction: SortDirection { sortDirection ?? sortBy.defaultDirection }
}

enum SortKey: String, CaseIterable, Sendable {
  case whenCreated = "WHEN_CREATED"
  case whenUpdated = "WHEN_UPDATED"
  case whenClosed = "WHEN_CLOSED"
  case lastName = "LAST_NAME"
  case firstName = "FIRST_NAME"
  case prisonerNumber = "PRISONER_NUMBER"
  case prisonID = "PRISON_ID"
  case prisonName = "PRISON_NAME"
  case cellLocation = "CELL_LOCATION"

  var defaultDirection: SortDirection {
    switch self {
    case .whenCreated, .whenUpdated, .whenClosed: .descending
    default: .ascending
    }
  }
}
