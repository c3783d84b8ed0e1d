import ModuleKit
import Postgres
import ServiceKit

/// What changes rows. One statement writes a row and its history, so there is no way to write without.
extension NonAssociationsStore {
  private static let table = NonAssociation.record.table
  private static let kept = table.all

  /// - Parameter write: returns the row that it wrote. Parameters 1 to 5 are the change, so it takes 6 and later.
  private static func recorded(_ write: String, ofExistingRow isExisting: Bool) -> String {
    // A row that is older than the history would lose how it stood; the statement still sees it as it was.
    let before = """
      select 'EXISTING', when_updated, updated_by, null, null, \(kept) from non_association
      where id = $6 and not exists (select from non_association_history where non_association_id = $6)
      union all
      """
    return """
      with written as (\(write) returning *)
      insert into non_association_history (\(Change.columns), non_association_\(kept))
      \(isExisting ? before : "")
      select $1::text, $2::timestamptz, $3::text, $4::text, $5::text, \(kept) from written
      returning non_association_id
      """
  }

  static let insert = PostgresStatement(
    name: "non_association_insert",
    sql: recorded(
      "insert into non_association \(table.insertion(from: 8, unless: openPair("$6", "$7")))",
      ofExistingRow: false
    )
  )

  static let update = PostgresStatement(
    name: "non_association_update",
    sql: recorded(
      "update non_association set \(table.assignments(mask: 7, from: 8)) where id = $6",
      ofExistingRow: true
    )
  )

  static let delete = PostgresStatement(
    name: "non_association_delete",
    sql: recorded("delete from non_association where id = $6", ofExistingRow: true)
  )

  static let lockByID = PostgresStatement(
    name: "non_association_lock_by_id",
    sql: "select \(table.selected) from non_association where id = $1 for update"
  )

  /// The row, which stays as it is until the unit of work is committed; nil if there is none.
  func lock(_ id: Int64, in unit: UnitOfWork) async throws -> NonAssociation? {
    try nonAssociations(await unit.query(Self.lockByID, [.int8(id)])).first
  }

  private static let lockPair = PostgresStatement(
    name: "non_association_lock_pair",
    sql: """
      select pg_advisory_xact_lock(
        hashtextextended(least($1::text, $2::text) || ' ' || greatest($1::text, $2::text), 0))
      """
  )

  /// Queues a lock that keeps others from opening the same pair until the unit of work is committed. The unique index
  /// does so too, but it goes with the table when a dump is restored over the database, and cannot be made while old rows
  /// break it (docs/contract/adoption.md §2.5).
  func enqueuePairLock(_ first: String, _ second: String, in unit: UnitOfWork) throws {
    try unit.enqueue(Self.lockPair, [.text(first), .text(second)])
  }

  /// Inserts an open row at once.
  /// - Returns: its id; nil if the pair has an open non-association.
  /// - Throws: `PostgresError`; of kind `uniqueViolation` where another transaction has just given the pair one.
  func insert(_ row: NonAssociation, _ change: Change, in unit: UnitOfWork) async throws -> Int64? {
    let pair = [row.first, row.second].map { PostgresValue.text($0.prisonerNumber) }
    try enqueuePairLock(row.first.prisonerNumber, row.second.prisonerNumber, in: unit)
    return try await unit.query(Self.insert, change.values + pair + Self.table.inserted(row)).first?.int64(0)
  }

  /// Queues the writing of a row.
  /// - Parameter original: the row as it was read. What is as it was stays as it is stored.
  func enqueueSave(
    _ row: NonAssociation,
    of original: NonAssociation,
    _ change: Change,
    in unit: UnitOfWork
  ) throws {
    let mask = Self.table.changes(from: original, to: row)
    try unit.enqueue(
      Self.update,
      change.values + [.int8(row.id), .int8(mask)] + Self.table.inserted(row)
    )
  }

  /// Queues the deletion of a row.
  func enqueueDelete(_ id: Int64, _ change: Change, in unit: UnitOfWork) throws {
    try unit.enqueue(Self.delete, change.values + [.int8(id)])
  }
}
