import Events
import Postgres
import ServiceKit
internal import Time

/// Reads and writes the table `non_association` (`non-associations.md` §8).
struct NonAssociationsStore: Sendable {
  let database: PostgresDatabase
  let outbox: any Outbox
  let misfits: MisfitValues

  static let byID = PostgresStatement(
    name: "non_association_by_id",
    sql: "select \(NonAssociationRows.columns) from non_association where id = $1"
  )

  static let byPrisoner = PostgresStatement(
    name: "non_association_by_prisoner",
    sql: """
      select \(NonAssociationRows.columns) from non_association
      where first_prisoner_number = $1 or second_prisoner_number = $1 order by id
      """
  )

  /// Spelt for the plain index over both numbers, which is there even where the unique one could not be made.
  static let openPairExists = PostgresStatement(
    name: "non_association_open_pair_exists",
    sql: """
      select exists (
        select from non_association
        where not is_closed
          and (first_prisoner_number = $1 and second_prisoner_number = $2
            or first_prisoner_number = $2 and second_prisoner_number = $1))
      """
  )

  static let historyByID = PostgresStatement(
    name: "non_association_history_by_id",
    sql: """
      select \(NonAssociationRows.changeColumns), \(NonAssociationRows.historyColumns) from non_association_history
      where non_association_id = $1 order by id
      """
  )

  func find(id: Int64, deadline: MonotonicInstant) async throws -> NonAssociation? {
    try await database.query(Self.byID, [.int8(id)], deadline: deadline).first
      .map { try NonAssociation($0, misfits) }
  }

  /// Every row with the prisoner on either side, open or closed, by id.
  func list(prisonerNumber: String, deadline: MonotonicInstant) async throws -> [NonAssociation] {
    try await database.query(Self.byPrisoner, [.text(prisonerNumber)], deadline: deadline)
      .map { try NonAssociation($0, misfits) }
  }

  /// Whether the two have an open non-association, whichever of them is first in it.
  func openPairExists(_ first: String, _ second: String, deadline: MonotonicInstant) async throws -> Bool {
    let rows = try await database.query(
      Self.openPairExists,
      [.text(first), .text(second)],
      deadline: deadline
    )
    return try rows.first?.bool(0) ?? false
  }

  /// What has happened to a non-association, the oldest change first.
  func history(id: Int64, deadline: MonotonicInstant) async throws -> [HistoryEntry] {
    try await database.query(Self.historyByID, [.int8(id)], deadline: deadline)
      .map { try HistoryEntry($0, misfits) }
  }
}
