import Events
internal import Text
internal import Time

/// The rules for reading (`non-associations.md` §7), in the order it gives them.
struct NonAssociationsService: Sendable {
  /// What `authorised_by`, `updated_by` and `closed_by` hold.
  static let maximumUserNameLength = 60

  let store: NonAssociationsStore
  let search: PrisonerSearchClient

  /// §7.4, §7.12.
  func nonAssociation(id: Int64, deadline: MonotonicInstant) async throws -> NonAssociation {
    guard let row = try await store.find(id: id, deadline: deadline) else {
      throw NonAssociationsError.notFound(id: id)
    }
    return row
  }

  /// What has happened to a non-association, also to a deleted one. One that has not changed since there is a history
  /// has none.
  func history(id: Int64, deadline: MonotonicInstant) async throws -> [HistoryEntry] {
    let entries = try await store.history(id: id, deadline: deadline)
    if entries.isEmpty { _ = try await nonAssociation(id: id, deadline: deadline) }
    return entries
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
    guard let prisoner = prisoners[ByteText(prisonerNumber)],
      let list = PrisonerNonAssociations(of: prisoner, rows: rows, prisoners: prisoners, options: options)
    else { throw NonAssociationsError.missingPrisoners([prisonerNumber]) }
    return list
  }

  /// §7.3.
  func page(_ request: PageRequest, deadline: MonotonicInstant) async throws -> Page {
    try await store.page(request, deadline: deadline)
  }

  /// §7.5 and §7.6.
  /// - Parameters:
  ///   - numbers: as they came; empty ones do not count, and several of one count once.
  ///   - prisonID: where both prisoners of a row must be; nil asks nobody where they are.
  func list(
    _ involvement: NonAssociationsStore.Involvement,
    _ numbers: [String],
    _ filter: StateFilter,
    prisonID: String?,
    deadline: MonotonicInstant
  ) async throws -> [NonAssociation] {
    let distinct = Set(numbers.filter { !$0.isEmpty }.map { ByteText($0) })
    switch involvement {
    case .between: guard distinct.count >= 2 else { throw NonAssociationsError.tooFewPrisonersBetween }
    case .involving: guard !distinct.isEmpty else { throw NonAssociationsError.noPrisonersInvolved }
    }
    try filter.check()
    let rows = try await store.list(involvement, distinct.map(\.text), filter, deadline: deadline)
    guard let prisonID else { return rows }
    let people = rows.flatMap { [$0.first.prisonerNumber, $0.second.prisonerNumber] }
    let prisoners = try await search.prisoners(people, deadline: deadline)
    return rows.filter { row in
      [row.first, row.second].allSatisfy {
        prisoners[ByteText($0.prisonerNumber)]?.prisonID?.hasSameBytes(as: prisonID) ?? false
      }
    }
  }

  /// What a user may do with a non-association of two prisoners (`permissions.md`).
  func permissions(
    _ question: PermissionQuestion,
    deadline: MonotonicInstant
  ) async throws -> PermissionAnswer {
    let prisoners = try await search.prisoners([question.first, question.second], deadline: deadline)
    let permissions = UserPermissions(
      roles: question.roles,
      caseloads: question.caseloads,
      policy: question.policy
    )
    return PermissionAnswer(
      question: question,
      permissions: permissions,
      firstPlace: permissions.place(ofPrison: prisoners[ByteText(question.first)]?.prisonID),
      secondPlace: permissions.place(ofPrison: prisoners[ByteText(question.second)]?.prisonID)
    )
  }
}
