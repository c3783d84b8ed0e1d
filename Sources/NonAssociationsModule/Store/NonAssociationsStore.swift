import ModuleKit
import Postgres
import ServiceKit
internal import Time

/// Reads and writes the table `non_association` and its history (docs/contract/non-associations.md §8).
struct NonAssociationsStore: Sendable {
  let database: PostgresDatabase
  let misfits: MisfitValues

  private static let table = NonAssociation.record.table
  private let fields = NonAssociation.record.fields

  init(database: PostgresDatabase, misfits: MisfitValues) {
    self.database = database
    self.misfits = misfits
  }

  static let byID = PostgresStatement(
    name: "non_association_by_id",
    sql: "select \(table.selected) from non_association where id = $1"
  )

  static let byPrisoner = PostgresStatement(
    name: "non_association_by_prisoner",
    sql: """
      select \(table.selected) from non_association
      where first_prisoner_number = $1 or second_prisoner_number = $1 order by id
      """
  )

  static let openPairExists = PostgresStatement(
    name: "non_association_open_pair_exists",
    sql: "select \(openPair("$1", "$2"))"
  )

  /// A condition: whether two have an open non-association. Spelt for the plain index over both numbers, which is there
  /// even where the unique one is not.
  static func openPair(_ first: String, _ second: String) -> String {
    """
    exists (
      select from non_association
      where not is_closed
        and (first_prisoner_number = \(first) and second_prisoner_number = \(second)
          or first_prisoner_number = \(second) and second_prisoner_number = \(first)))
    """
  }

  static let historyByID = PostgresStatement(
    name: "non_association_history_by_id",
    sql: """
      select \(HistoryEntry.columns) from non_association_history
      where non_association_id = $1 order by id
      """
  )

  func find(id: Int64, deadline: MonotonicInstant) async throws -> NonAssociation? {
    try nonAssociations(await database.query(Self.byID, [.int8(id)], deadline: deadline)).first
  }

  /// Every row with the prisoner on either side, open or closed, by id.
  func list(prisonerNumber: String, deadline: MonotonicInstant) async throws -> [NonAssociation] {
    try nonAssociations(
      await database.query(Self.byPrisoner, [.text(prisonerNumber)], deadline: deadline)
    )
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

  /// The same as the unit of work sees it.
  func openPairExists(_ first: String, _ second: String, in unit: UnitOfWork) async throws -> Bool {
    try await unit.query(Self.openPairExists, [.text(first), .text(second)]).first?.bool(0) ?? false
  }

  /// What has happened to a non-association, the oldest change first.
  func history(id: Int64, deadline: MonotonicInstant) async throws -> [HistoryEntry] {
    try await database.query(Self.historyByID, [.int8(id)], deadline: deadline)
      .map { try HistoryEntry($0, fields, misfits) }
  }

  /// Rows of the select list.
  func nonAssociations(_ rows: some Sequence<PostgresRow>) throws -> [NonAssociation] {
    try rows.map { try NonAssociation($0, fields, misfits) }
  }
}
