import Events
import Postgres
import ServiceKit
internal import Time

extension NonAssociationsStore {
  /// Says what is published of a change; nil for one that nobody is told of.
  typealias Announce = (Change, NonAssociation) -> Announcement?

  private static let writtenColumns = """
    first_prisoner_number, first_prisoner_role, second_prisoner_number, second_prisoner_role, reason, \
    restriction_type, comment, when_created, when_updated, authorised_by, updated_by
    """

  private static let rowColumns = NonAssociationRows.columns + ", is_closed"

  /// Parameters 1 to 5 are the change; `write` returns what it wrote, and takes 6 and later. One statement writes the
  /// row and its history, so there is no way to write without.
  private static func recorded(_ write: String, ofExistingRow isExisting: Bool) -> String {
    // A row that is older than the history would lose how it stood; the statement still sees it as it was.
    let before = """
      select 'EXISTING', when_updated, updated_by, null, null, \(rowColumns) from non_association
      where id = $6 and not exists (select from non_association_history where non_association_id = $6)
      union all
      """
    return """
      with written as (\(write) returning *),
      kept as (
        insert into non_association_history (\(NonAssociationRows.changeColumns), non_association_\(rowColumns))
        \(isExisting ? before : "")
        select $1::text, $2::timestamptz, $3::text, $4::text, $5::text, \(rowColumns) from written)
      select \(NonAssociationRows.columns) from written
      """
  }

  static let insert = PostgresStatement(
    name: "non_association_insert",
    sql: recorded(
      """
      insert into non_association (\(writtenColumns))
      values ($6, $7, $8, $9, $10, $11, $12, $2, $2, $13, $13)
      """,
      ofExistingRow: false
    )
  )

  static let update = PostgresStatement(
    name: "non_association_update",
    sql: recorded(
      """
      update non_association set first_prisoner_number = $7, first_prisoner_role = $8, second_prisoner_number = $9,
        second_prisoner_role = $10, reason = $11, restriction_type = $12, comment = $13,
        when_updated = coalesce($14::timestamptz, when_updated), updated_by = $15,
        is_closed = case when $20 then $16 else is_closed end,
        closed_by = case when $20 then $17 else closed_by end,
        closed_reason = case when $20 then $18 else closed_reason end,
        closed_at = case when $20 then $19 else closed_at end
      where id = $6
      """,
      ofExistingRow: true
    )
  )

  static let delete = PostgresStatement(
    name: "non_association_delete",
    sql: recorded("delete from non_association where id = $6", ofExistingRow: true)
  )

  static let lockByID = PostgresStatement(
    name: "non_association_lock_by_id",
    sql: "select \(NonAssociationRows.columns) from non_association where id = $1 for update"
  )

  /// Inserts an open non-association.
  /// - Throws: `NonAssociationsError.openPairExists` when another got in before: the database decides, not the check.
  func insert(
    _ new: NewNonAssociation,
    by user: String,
    _ change: Change,
    deadline: MonotonicInstant,
    announce: Announce
  ) async throws -> NonAssociation {
    let taken = NonAssociationsError.openPairExists(
      first: new.first.prisonerNumber,
      second: new.second.prisonerNumber
    )
    return try await refusing(taken) {
      try await database.withTransaction(deadline: deadline) { transaction in
        let parameters: [PostgresValue] = [
          .text(new.first.prisonerNumber), .text(new.first.role.rawValue), .text(new.second.prisonerNumber),
          .text(new.second.role.rawValue), .text(new.reason.rawValue), .text(new.restrictionType.rawValue),
          .text(new.comment), .text(user),
        ]
        return try await write(Self.insert, change, parameters, announce, in: transaction)
      }
    }
  }

  /// Changes one row under a lock, so that it is as `edit` saw it until the change is committed.
  /// - Parameters:
  ///   - taken: what to throw when the pair has an open row elsewhere.
  ///   - edit: may refuse by throwing.
  /// - Throws: `NonAssociationsError.notFound`.
  func update(
    id: Int64,
    _ change: Change,
    orThrow taken: NonAssociationsError,
    deadline: MonotonicInstant,
    announce: Announce,
    edit: (inout NonAssociation, PostgresTransaction) async throws -> Void
  ) async throws -> NonAssociation {
    try await refusing(taken) {
      try await database.withTransaction(deadline: deadline) { transaction in
        let original = try await lock(id, in: transaction)
        var row = original
        try await edit(&row, transaction)
        return try await save(row, of: original, change, announce, in: transaction)
      }
    }
  }

  /// Deletes a row and gives it as it last was.
  /// - Throws: `NonAssociationsError.notFound`.
  func delete(
    id: Int64,
    _ change: Change,
    deadline: MonotonicInstant,
    announce: Announce
  ) async throws -> NonAssociation {
    try await database.withTransaction(deadline: deadline) { transaction in
      try await delete(try await lock(id, in: transaction), change, announce, in: transaction)
    }
  }

  /// Whether the two have an open non-association, as the transaction sees it.
  func openPairExists(_ row: NonAssociation, in transaction: PostgresTransaction) async throws -> Bool {
    let numbers: [PostgresValue] = [.text(row.first.prisonerNumber), .text(row.second.prisonerNumber)]
    return try await transaction.query(Self.openPairExists, numbers).first?.bool(0) ?? false
  }

  // MARK: Pieces

  private func lock(_ id: Int64, in transaction: PostgresTransaction) async throws -> NonAssociation {
    guard let row = try await transaction.query(Self.lockByID, [.int8(id)]).first else {
      throw NonAssociationsError.notFound(id: id)
    }
    return try NonAssociation(row, misfits)
  }

  @discardableResult
  func delete(
    _ row: NonAssociation,
    _ change: Change,
    _ announce: Announce,
    in transaction: PostgresTransaction
  ) async throws -> NonAssociation {
    try await write(Self.delete, change, [.int8(row.id)], announce, in: transaction)
  }

  /// - Parameter original: the row as it was read. Times that are as they were are left as they are stored, which may
  ///   be outside what can be read.
  @discardableResult
  func save(
    _ row: NonAssociation,
    of original: NonAssociation?,
    _ change: Change,
    _ announce: Announce,
    in transaction: PostgresTransaction
  ) async throws -> NonAssociation {
    let parameters: [PostgresValue] = [
      .int8(row.id), .text(row.first.prisonerNumber), .text(row.first.role.rawValue),
      .text(row.second.prisonerNumber), .text(row.second.role.rawValue), .text(row.reason.rawValue),
      .text(row.restrictionType.rawValue), .text(row.comment),
      .optional(row.whenUpdated == original?.whenUpdated ? nil : row.whenUpdated), .text(row.updatedBy),
      .bool(row.isClosed), .optional(row.closure?.by), .optional(row.closure?.reason),
      .optional(row.closure?.at), .bool(row.closure != original?.closure),
    ]
    return try await write(Self.update, change, parameters, announce, in: transaction)
  }

  /// Writes a row with its history, and what is told of it.
  private func write(
    _ statement: PostgresStatement,
    _ change: Change,
    _ parameters: [PostgresValue],
    _ announce: Announce,
    in transaction: PostgresTransaction
  ) async throws -> NonAssociation {
    let about: [PostgresValue] = [
      .text(change.kind.rawValue), .timestamp(change.at), .text(change.by), .optional(change.reason),
      .optional(change.requestedBy),
    ]
    guard let returned = try await transaction.query(statement, about + parameters).first else {
      throw StoreError.noRowReturned
    }
    let row = try NonAssociation(returned, misfits)
    if let announcement = announce(change, row) {
      try await outbox.append(announcement.event, announcement.audit, in: transaction)
    }
    return row
  }

  /// Throws `taken` where the unique index refuses a second open row of a pair.
  private func refusing<Value>(
    _ taken: NonAssociationsError,
    _ body: () async throws -> Value
  ) async throws -> Value {
    do {
      return try await body()
    } catch let error as PostgresError
      where error.kind == .uniqueViolation && error.constraint == NonAssociationsModule.openPairIndexName
    {
      throw taken
    }
  }
}
