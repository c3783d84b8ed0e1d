import Postgres
import ServiceKit

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

/// The database's refusal to return the row that it has written.
enum StoreError: Error, Equatable {
  case noRowReturned
}

extension NonAssociation {
  /// - Parameter start: the position of the first of `NonAssociationRows.columns`.
  init(
    _ row: PostgresRow,
    from start: Int = 0,
    of table: StaticString = "non_association",
    _ misfits: MisfitValues
  ) throws {
    let id = try row.int64(start)
    let row = LenientRow(row, from: start, of: table, key: .id(0), misfits: misfits)
    self.init(
      id: id,
      first: Party(prisonerNumber: try row.text(1), role: try row.code(2)),
      second: Party(prisonerNumber: try row.text(3), role: try row.code(4)),
      reason: try row.code(5),
      restrictionType: try row.code(6),
      comment: try row.text(7),
      whenCreated: try row.instant(8),
      whenUpdated: try row.instant(9),
      authorisedBy: try row.optionalText(10),
      updatedBy: try row.text(11)
    )
    // The table's checks keep the three together; the history, and a table that lost its checks, may have some of them.
    if try !(row.isNull(12) && row.isNull(13) && row.isNull(14)) {
      closure = Closure(by: try row.text(12), reason: try row.text(13), at: try row.instant(14))
    }
  }
}

extension HistoryEntry {
  /// Columns: `NonAssociationRows.changeColumns`, then `historyColumns`.
  init(_ row: PostgresRow, _ misfits: MisfitValues) throws {
    let table: StaticString = "non_association_history"
    let nonAssociation = try NonAssociation(row, from: 5, of: table, misfits)
    let row = LenientRow(row, of: table, key: .id(5), misfits: misfits)
    self.init(
      kind: try row.code(0),
      at: try row.instant(1),
      by: try row.text(2),
      reason: try row.optionalText(3),
      requestedBy: try row.optionalText(4),
      row: nonAssociation
    )
  }
}
