import EventLoops
import Events

/// The rules of `non-associations.md` §7, in the order it gives them.
struct NonAssociationsService: Sendable {
  /// What `authorised_by` and `updated_by` hold.
  static let maximumUserNameLength = 60

  let store: NonAssociationsStore
  let search: PrisonerSearchClient
  let events: NonAssociationEvents
  let clock: any WallClock

  /// §7.2. The check for an open pair spares prisoner search a call; the unique index decides between two callers.
  /// - Parameter user: `user_name` of the token.
  func create(
    _ new: NewNonAssociation,
    by user: String?,
    deadline: MonotonicInstant
  ) async throws -> NonAssociation {
    let user = try author(user)
    let (first, second) = (new.first.prisonerNumber, new.second.prisonerNumber)
    guard try await !store.openPairExists(first, second, deadline: deadline) else {
      throw NonAssociationsError.openPairExists(first: first, second: second)
    }
    let prisoners = try await search.prisoners([first, second], deadline: deadline)
    let unplaced = [first, second].filter { prisoners[$0]?.prisonID == nil }
    guard unplaced.isEmpty else { throw NonAssociationsError.nullLocations(unplaced) }
    let now = clock.now()
    return try await store.insert(new, by: user, at: now, deadline: deadline) { events.created($0, at: now) }
  }

  /// §7.4.
  func nonAssociation(id: Int64, deadline: MonotonicInstant) async throws -> NonAssociation {
    guard let row = try await store.find(id: id, deadline: deadline) else {
      throw NonAssociationsError.notFound(id: id)
    }
    return row
  }

  /// §7.1. Everybody in the prisoner's rows must be known to prisoner search, even those of rows that are not listed.
  func nonAssociations(
    of prisonerNumber: String,
    _ options: ListOptions,
    deadline: MonotonicInstant
  ) async throws -> PrisonerNonAssociations {
    guard options.includeOpen || options.includeClosed else {
      throw NonAssociationsError.neitherOpenNorClosed
    }
    let rows = try await store.list(prisonerNumber: prisonerNumber, deadline: deadline)
    let numbers = [prisonerNumber] + rows.flatMap { [$0.first.prisonerNumber, $0.second.prisonerNumber] }
    let prisoners = try await search.prisoners(numbers, deadline: deadline)
    guard let prisoner = prisoners[prisonerNumber],
      let list = PrisonerNonAssociations(of: prisoner, rows: rows, prisoners: prisoners, options: options)
    else { throw NonAssociationsError.missingPrisoners([prisonerNumber]) }
    return list
  }

  private func author(_ user: String?) throws(NonAssociationsError) -> String {
    guard let user else { throw .noUserInContext }
    // PostgreSQL counts characters as code points.
    guard user.unicodeScalars.count <= Self.maximumUserNameLength else {
      throw .userNameTooLong(limit: Self.maximumUserNameLength)
    }
    return user
  }
}
