import ServiceKit
internal import Text
internal import Time

/// What becomes of a prisoner's rows when the prisoner gets another number (docs/contract/non-associations.md §11): a function of
/// the rows alone.
struct MergePlan: Sendable {
  /// What stands in `closed_by` and `updated_by` of rows that a merge closes.
  static let author = "NON_ASSOCIATIONS_API"
  static let closedReason = "MERGE"

  /// One row to write, as it becomes; as it last was, where it is deleted.
  struct Step: Equatable, Sendable {
    var change: Change
    var row: NonAssociation
  }

  let number: NumberChange
  let now: Timestamp

  /// - Parameters:
  ///   - rows: by id, every row of the old number and the open ones of the new one.
  ///   - ids: which rows may change; nil for all.
  /// - Returns: the changes in the same order; none if both numbers are one.
  func steps(_ rows: [NonAssociation], of ids: Set<Int64>? = nil) -> [Step] {
    let (old, new) = (number.old, number.new)
    guard !old.hasSameBytes(as: new) else { return [] }
    var openWithNew: Set<ByteText> = []
    for row in rows where !row.isClosed {
      if let other = row.counterpart(of: new) { openWithNew.insert(ByteText(other)) }
    }
    var steps: [Step] = []
    for row in rows {
      guard let other = row.counterpart(of: old), isWithin(row.whenCreated),
        ids?.contains(row.id) ?? true
      else { continue }
      // Between the two numbers: a prisoner is not kept apart from themselves.
      if other.hasSameBytes(as: new) {
        steps.append(step(.deleted, row))
        continue
      }
      var row = row
      if row.first.prisonerNumber.hasSameBytes(as: old) {
        row.given.first.prisonerNumber = new
      } else {
        row.given.second.prisonerNumber = new
      }
      if openWithNew.contains(ByteText(other)) {
        row.closure = .init(by: Self.author, reason: Self.closedReason, at: now)
        row.updatedBy = Self.author
        row.whenUpdated = now
        steps.append(step(.closed, row))
      } else {
        if !row.isClosed { openWithNew.insert(ByteText(other)) }
        steps.append(step(.merged, row))
      }
    }
    return steps
  }

  private func isWithin(_ created: Timestamp) -> Bool {
    (number.from.map { created >= $0 } ?? true) && (number.until.map { created <= $0 } ?? true)
  }

  private func step(_ kind: ChangeKind, _ row: NonAssociation) -> Step {
    let isDeleted = kind == .deleted
    let change = Change(
      kind: kind,
      at: now,
      by: Self.author,
      reason: isDeleted ? Self.closedReason : number.cause,
      requestedBy: isDeleted ? Self.author : nil
    )
    return Step(change: change, row: row)
  }
}
