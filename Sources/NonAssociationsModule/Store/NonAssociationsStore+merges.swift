import Postgres
internal import Time

extension NonAssociationsStore {
  /// One change of a number, and what it did to the rows.
  typealias Merge = (change: NumberChange, steps: [MergePlan.Step])

  /// Rows that may have to go on to another number.
  private struct Pending {
    let ids: Set<Int64>
    let number: String
    let since: Timestamp?
  }

  /// Carries out a change of a number in one transaction, and writes it down. Queues keep no order: where a later change
  /// of the new number is written down already, the rows that this one moves go on to where that one went, as they
  /// would have done had both come in their order. Nothing else moves again, so a change that comes twice does nothing.
  /// - Parameters:
  ///   - plan: what becomes of the rows it is given, which are those of the old number and the open ones of the new one,
  ///     by id, locked; of the ids alone, if it is given any.
  /// - Returns: what was done, the change itself first.
  func merge(
    _ change: NumberChange,
    deadline: MonotonicInstant,
    announce: Announce,
    plan: (NumberChange, [NonAssociation], Set<Int64>?) -> [MergePlan.Step]
  ) async throws -> [Merge] {
    try await database.withTransaction(deadline: deadline) { transaction in
      // Of two at the same time neither would know of the other.
      _ = try await transaction.query(Self.lockMerges)
      try await writeDown(change, in: transaction)
      var merges: [Merge] = []
      func carryOut(_ change: NumberChange, on ids: Set<Int64>?) async throws -> Set<Int64> {
        let parameters: [PostgresValue] = [.text(change.old), .text(change.new)]
        let rows = try await transaction.query(Self.lockForMerge, parameters)
          .map { try NonAssociation($0, misfits) }
        let originals = Dictionary(rows.map { ($0.id, $0) }) { first, _ in first }
        let steps = plan(change, rows, ids)
        for step in steps { try await write(step, of: originals[step.row.id], announce, in: transaction) }
        merges.append((change, steps))
        return Set(steps.filter { $0.change.kind != .deleted }.map(\.row.id))
      }
      let moved = try await carryOut(change, on: nil)
      var pending = [Pending(ids: moved, number: change.new, since: change.occurredAt)]
      while let next = pending.popLast() {
        guard !next.ids.isEmpty, let later = try await nextChange(of: next, in: transaction) else { continue }
        let moved = try await carryOut(later, on: next.ids)
        pending.append(Pending(ids: moved, number: later.new, since: later.occurredAt))
        pending.append(
          Pending(ids: next.ids.subtracting(moved), number: next.number, since: later.occurredAt)
        )
      }
      return merges
    }
  }

  private func write(
    _ step: MergePlan.Step,
    of original: NonAssociation?,
    _ announce: Announce,
    in transaction: PostgresTransaction
  ) async throws {
    if step.change.kind == .deleted {
      try await delete(step.row, step.change, announce, in: transaction)
    } else {
      try await save(step.row, of: original, step.change, announce, in: transaction)
    }
  }

  private func writeDown(_ change: NumberChange, in transaction: PostgresTransaction) async throws {
    guard let occurredAt = change.occurredAt else { return }
    try await transaction.execute(
      Self.writeDown,
      [
        .text(change.cause), .text(change.old), .text(change.new), .optional(change.from),
        .optional(change.until), .timestamp(occurredAt),
      ]
    )
  }

  private func nextChange(of rows: Pending, in transaction: PostgresTransaction) async throws -> NumberChange?
  {
    guard let since = rows.since else { return nil }
    let found = try await transaction.query(Self.nextChange, [.text(rows.number), .timestamp(since)])
    return try found.first.map { row in
      NumberChange(
        old: rows.number,
        new: try row.text(1),
        from: try row.optionalTimestamp(2),
        until: try row.optionalTimestamp(3),
        occurredAt: try row.timestamp(4),
        cause: try row.text(0)
      )
    }
  }

  private static let lockMerges = PostgresStatement(
    name: "non_association_lock_merges",
    sql: "select pg_advisory_xact_lock(hashtext('non_association_number_change'))"
  )

  /// Everything of the first prisoner, and what is open of the second, by id: locks are always taken in this order.
  static let lockForMerge = PostgresStatement(
    name: "non_association_lock_for_merge",
    sql: """
      select \(NonAssociationRows.columns) from non_association
      where first_prisoner_number = $1 or second_prisoner_number = $1
        or not is_closed and first_prisoner_number = $2 or not is_closed and second_prisoner_number = $2
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

  private static let nextChange = PostgresStatement(
    name: "non_association_next_merge",
    sql: """
      select event_type, new_number, created_from, created_until, occurred_at
      from non_association_number_change where old_number = $1 and occurred_at > $2
      order by occurred_at, id limit 1
      """
  )
}
