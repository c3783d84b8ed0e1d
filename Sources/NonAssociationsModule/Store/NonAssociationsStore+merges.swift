import ModuleKit
import Postgres
import ServiceKit
internal import Time

/// What changes of prisoners' numbers read and write.
extension NonAssociationsStore {
  private static let lockMerges = PostgresStatement(
    name: "non_association_lock_merges",
    sql: "select pg_advisory_xact_lock(hashtext('non_association_number_change'))"
  )

  /// Everything of some prisoners, and what is open of others, by id: locks are always taken in this order.
  static let lockForMerge = PostgresStatement(
    name: "non_association_lock_for_merge",
    sql: """
      select \(NonAssociation.record.table.selected) from non_association
      where first_prisoner_number = any($1) or second_prisoner_number = any($1)
        or not is_closed and first_prisoner_number = any($2)
        or not is_closed and second_prisoner_number = any($2)
      order by id for update
      """
  )

  private static let writeDown = PostgresStatement(
    name: "non_association_write_down_merge",
    sql: """
      insert into non_association_number_change
        (event_type, old_number, new_number, created_from, created_until, occurred_at)
      values ($1, $2, $3, $4, $5, $6) on conflict do nothing
      """
  )

  /// What followed from a number after a moment, and what followed from there.
  static let laterChanges = PostgresStatement(
    name: "non_association_later_merges",
    sql: """
      with recursive later as (
        select * from non_association_number_change where old_number = $1 and occurred_at > $2
        union
        select c.* from non_association_number_change c
        join later on c.old_number = later.new_number and c.occurred_at > later.occurred_at
      )
      select event_type, old_number, new_number, created_from, created_until, occurred_at from later
      order by occurred_at, id
      """
  )

  /// Queues a lock that keeps changes of numbers apart: of two at the same time neither would know of the other.
  func enqueueMergeLock(in unit: UnitOfWork) throws { try unit.enqueue(Self.lockMerges) }

  /// Queues that a change is written down, if it says when it was; one that is written down already stays as it is.
  func enqueueNumberChange(_ change: NumberChange, in unit: UnitOfWork) throws {
    guard let occurredAt = change.occurredAt else { return }
    try unit.enqueue(
      Self.writeDown,
      [
        .text(change.cause), .text(change.old), .text(change.new), .optional(change.from),
        .optional(change.until), .timestamp(occurredAt),
      ]
    )
  }

  /// The changes written down that followed from a number after a moment, and from where they lead; the earliest first.
  func laterChanges(
    of number: String,
    after occurredAt: Timestamp,
    in unit: UnitOfWork
  ) async throws -> [NumberChange] {
    try await unit.query(Self.laterChanges, [.text(number), .timestamp(occurredAt)]).map { row in
      NumberChange(
        old: try row.text(1),
        new: try row.text(2),
        from: try row.optionalTimestamp(3),
        until: try row.optionalTimestamp(4),
        occurredAt: try row.timestamp(5),
        cause: try row.text(0)
      )
    }
  }

  /// Every row of `numbers` and the open ones of `openNumbers`, by id, locked.
  func lock(
    _ numbers: [String],
    open openNumbers: [String],
    in unit: UnitOfWork
  ) async throws -> [NonAssociation] {
    try nonAssociations(
      await unit.query(Self.lockForMerge, [.textArray(numbers), .textArray(openNumbers)])
    )
  }
}
