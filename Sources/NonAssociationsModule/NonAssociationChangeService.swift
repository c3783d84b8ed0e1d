import Postgres
import ServiceKit
import SharedAuth
internal import Text
internal import Time

/// The rules for changing (`non-associations.md` §7), in the order it gives them. The clock is read once a request.
struct NonAssociationChangeService: Sendable {
  let store: NonAssociationsStore
  let search: PrisonerSearchClient
  let events: NonAssociationEvents
  let telemetry: any Telemetry
  let london: LondonTime
  let clock: any WallClock

  /// §7.2. The check for an open pair spares prisoner search a call; the unique index decides between two callers.
  func create(
    _ new: NewNonAssociation,
    by principal: Principal,
    deadline: MonotonicInstant
  ) async throws -> NonAssociation {
    let user = try author(nil, principal)
    let (first, second) = (new.first.prisonerNumber, new.second.prisonerNumber)
    guard try await !store.openPairExists(first, second, deadline: deadline) else {
      throw NonAssociationsError.openPairExists(first: first, second: second)
    }
    let prisoners = try await search.prisoners([first, second], deadline: deadline)
    let unplaced = [first, second].filter { prisoners[ByteText($0)]?.prisonID == nil }
    guard unplaced.isEmpty else { throw NonAssociationsError.nullLocations(unplaced) }
    let change = Change(kind: .created, at: clock.now(), by: principal.name)
    let row = try await store.insert(new, by: user, change, deadline: deadline, announce: events.announcement)
    telemetry.track(
      TelemetryEvent(
        "Created Non-Association",
        ["id": String(row.id), "1stPrisoner": first, "2ndPrisoner": second]
      )
    )
    return row
  }

  /// §7.7. Closed ones can be changed too.
  func patch(
    id: Int64,
    _ patch: NonAssociationPatch,
    by principal: Principal,
    deadline: MonotonicInstant
  ) async throws -> NonAssociation {
    let user = try author(nil, principal)
    let change = Change(kind: .updated, at: clock.now(), by: principal.name)
    return try await update(id, change, deadline) { row, _ in
      patch.apply(to: &row)
      row.whenUpdated = change.at
      row.updatedBy = user
    }
  }

  /// §7.8.
  func close(
    id: Int64,
    _ request: CloseRequest,
    by principal: Principal,
    deadline: MonotonicInstant
  ) async throws -> NonAssociation {
    let user = try author(request.by, principal)
    let change = Change(kind: .closed, at: clock.now(), by: principal.name)
    let at = request.at.map(london.instant) ?? change.at
    return try await update(id, change, deadline) { row, _ in
      guard !row.isClosed else { throw NonAssociationsError.alreadyClosed(id: id) }
      row.closure = .init(by: user, reason: request.reason, at: at)
      row.whenUpdated = at
      row.updatedBy = user
    }
  }

  /// §7.10. An open row of the pair, in whichever order, stands in the way; so does the row itself.
  func reopen(
    id: Int64,
    _ request: ReopenRequest,
    by principal: Principal,
    deadline: MonotonicInstant
  ) async throws -> NonAssociation {
    let user = try author(request.by, principal)
    let change = Change(kind: .reopened, at: clock.now(), by: principal.name)
    let at = request.at.map(london.instant) ?? change.at
    return try await update(id, change, deadline) { row, transaction in
      guard try await !store.openPairExists(row, in: transaction) else {
        throw NonAssociationsError.alreadyOpen(id: id)
      }
      row.closure = nil
      row.comment = request.reason
      row.whenUpdated = at
      row.updatedBy = user
    }
  }

  /// §7.9. Nobody need be named by the token.
  func delete(
    id: Int64,
    _ request: DeleteRequest,
    by principal: Principal,
    deadline: MonotonicInstant
  ) async throws {
    let change = Change(
      kind: .deleted,
      at: clock.now(),
      by: principal.name,
      reason: request.reason,
      requestedBy: request.requestedBy
    )
    _ = try await store.delete(id: id, change, deadline: deadline, announce: events.announcement)
  }

  // MARK: Pieces

  private func update(
    _ id: Int64,
    _ change: Change,
    _ deadline: MonotonicInstant,
    _ edit: (inout NonAssociation, PostgresTransaction) async throws -> Void
  ) async throws -> NonAssociation {
    let row = try await store.update(
      id: id,
      change,
      // Only re-opening can meet another open row of the pair.
      orThrow: .alreadyOpen(id: id),
      deadline: deadline,
      announce: events.announcement,
      edit: edit
    )
    return row
  }

  /// Whom the columns name: who the body says, or the token's user.
  private func author(
    _ name: String?,
    _ principal: Principal
  ) throws(NonAssociationsError) -> String {
    if let name { return name }
    guard let user = principal.userName else { throw .noUserInContext }
    // PostgreSQL counts characters as code points.
    guard user.unicodeScalars.count <= NonAssociationsService.maximumUserNameLength else {
      throw .userNameTooLong(limit: NonAssociationsService.maximumUserNameLength)
    }
    return user
  }
}
