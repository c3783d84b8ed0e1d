internal import Text
internal import Time

/// What a change of a prisoner's number does to rows, together with the later changes that the moved rows must follow: a
/// function of the rows and of what is written down.
///
/// Queues keep no order. Where a later change of the new number is written down already, the rows that this one moves go
/// on to where that one went, as they would have done had both come in their order. Nothing else moves again, so a change
/// that comes twice does nothing.
struct MergeLedger: Sendable {
  /// One change of a number, and what it does to rows.
  struct Entry: Equatable, Sendable {
    let change: NumberChange
    let steps: [Step]
  }

  /// One row to write: as it was, and the step that changes it.
  struct Step: Equatable, Sendable {
    let original: NonAssociation
    let step: MergePlan.Step
  }

  /// Rows that may have to go on to another number.
  private struct Pending {
    let ids: Set<Int64>
    let number: String
    let since: Timestamp?
  }

  let change: NumberChange
  /// Changes written down that followed from the new number, and from where they lead; the earliest first.
  let later: [NumberChange]
  let now: Timestamp

  /// Prisoners of whom every row is needed.
  var numbers: [String] { [change.old] + later.map(\.old) }
  /// Prisoners of whom the open rows are needed.
  var openNumbers: [String] { [change.new] + later.map(\.new) }

  /// - Parameter rows: those of ``numbers``, and the open ones of ``openNumbers``.
  /// - Returns: what is done, the change itself first.
  func entries(_ rows: [NonAssociation]) -> [Entry] {
    var current = Dictionary(rows.map { ($0.id, $0) }) { first, _ in first }
    var entries: [Entry] = []
    func carryOut(_ change: NumberChange, on ids: Set<Int64>?) -> Set<Int64> {
      let rows = current.values.filter { Self.concerns($0, change) }.sorted { $0.id < $1.id }
      var steps: [Step] = []
      var moved: Set<Int64> = []
      for step in MergePlan(number: change, now: now).steps(rows, of: ids) {
        guard let original = current[step.row.id] else { continue }
        steps.append(Step(original: original, step: step))
        let isGone = step.change.kind == .deleted
        current[step.row.id] = isGone ? nil : step.row
        if !isGone { moved.insert(step.row.id) }
      }
      entries.append(Entry(change: change, steps: steps))
      return moved
    }
    var pending = [Pending(ids: carryOut(change, on: nil), number: change.new, since: change.occurredAt)]
    while let next = pending.popLast() {
      guard !next.ids.isEmpty, let later = change(after: next) else { continue }
      let moved = carryOut(later, on: next.ids)
      pending.append(Pending(ids: moved, number: later.new, since: later.occurredAt))
      pending.append(
        Pending(ids: next.ids.subtracting(moved), number: next.number, since: later.occurredAt)
      )
    }
    return entries
  }

  private func change(after rows: Pending) -> NumberChange? {
    guard let since = rows.since else { return nil }
    return later.first { change in
      change.old.hasSameBytes(as: rows.number) && change.occurredAt.map { $0 > since } ?? false
    }
  }

  /// Every row of the old number, and the open ones of the new one.
  private static func concerns(_ row: NonAssociation, _ change: NumberChange) -> Bool {
    row.counterpart(of: change.old) != nil || !row.isClosed && row.counterpart(of: change.new) != nil
  }
}
