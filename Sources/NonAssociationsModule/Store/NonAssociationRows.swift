import Postgres

/// How rows of `non_association`, and of its history, become values.
enum NonAssociationRows {
  /// The columns that a `NonAssociation` is read from, in their order.
  static let columns = """
    id, first_prisoner_number, first_prisoner_role, second_prisoner_number, second_prisoner_role, reason, \
    restriction_type, comment, when_created, when_updated, authorised_by, updated_by, closed_by, closed_reason, closed_at
    """

  /// The same in the history, where a row has an id of its own besides.
  static let historyColumns = "non_association_" + columns

  /// The columns that a `Change` is read from, in their order.
  static let changeColumns = "change, changed_at, changed_by, change_reason, requested_by"
}

/// A row that is not what the module has written, or the database's refusal to return one.
enum StoreError: Error, Equatable {
  case unknownCode(column: String, id: Int64)
  case noRowReturned
}

extension NonAssociation {
  /// - Parameter start: the position of the first of `NonAssociationRows.columns`.
  init(_ row: PostgresRow, from start: Int = 0) throws {
    let id = try row.int64(start)
    func code<Value: Code>(_ column: Int, _ name: String) throws -> Value {
      guard let value = Value(rawValue: try row.text(start + column)) else {
        throw StoreError.unknownCode(column: name, id: id)
      }
      return value
    }
    self.init(
      id: id,
      first: Party(prisonerNumber: try row.text(start + 1), role: try code(2, "first_prisoner_role")),
      second: Party(prisonerNumber: try row.text(start + 3), role: try code(4, "second_prisoner_role")),
      reason: try code(5, "reason"),
      restrictionType: try code(6, "restriction_type"),
      comment: try row.text(start + 7),
      whenCreated: try row.timestamp(start + 8),
      whenUpdated: try row.timestamp(start + 9),
      authorisedBy: try row.optionalText(start + 10),
      updatedBy: try row.text(start + 11)
    )
    // The table's checks keep the three together with `is_closed`.
    if let by = try row.optionalText(start + 12) {
      closure = Closure(by: by, reason: try row.text(start + 13), at: try row.timestamp(start + 14))
    }
  }
}

extension HistoryEntry {
  /// Columns: `NonAssociationRows.changeColumns`, then `historyColumns`.
  init(_ row: PostgresRow) throws {
    let nonAssociation = try NonAssociation(row, from: 5)
    guard let kind = ChangeKind(rawValue: try row.text(0)) else {
      throw StoreError.unknownCode(column: "change", id: nonAssociation.id)
    }
    self.init(
      change: Change(
        kind: kind,
        at: try row.timestamp(1),
        by: try row.text(2),
        reason: try row.optionalText(3),
        requestedBy: try row.optionalText(4)
      ),
      row: nonAssociation
    )
  }
}
