internal import RestrictedPatientsModule
internal import Time

/// The tables of one prisoner as a value: each function is a transaction, with what the statements of the store say.
struct ModelPatients {
  struct Row {
    let id: Int
    let operation: ExternalChangeOperation
    let expiresAt: MonotonicInstant
    var isUnknown = false
    var isSettled = false
  }

  enum Intended: Sendable {
    case written(Int, afterUnknown: Bool)
    case busy(hasRecord: Bool)
    case refused
    case overtaken
  }

  private(set) var hasRecord = false
  private(set) var rows: [Row] = []
  private var lastID = 0

  /// Whether the row keeps others out.
  func isOpen(_ id: Int?, at now: MonotonicInstant) -> Bool {
    rows.contains { $0.id == id && !$0.isUnknown && $0.expiresAt > now }
  }

  /// Whether it is there.
  func isKept(_ id: Int?) -> Bool { rows.contains { $0.id == id } }

  private func open(at now: MonotonicInstant) -> Row? { rows.first { !$0.isUnknown } }

  /// Changes whose outcome is unknown and that neither anybody nor the record settles.
  func outstanding(_ operation: ExternalChangeOperation, at now: MonotonicInstant) -> Bool {
    hasRecord == (operation == .remove)
      && rows.contains { row in
        row.operation == operation && !row.isSettled && (row.isUnknown || row.expiresAt <= now)
      }
  }

  func hasOutstanding(at now: MonotonicInstant) -> Bool {
    ExternalChangeOperation.allCases.contains { outstanding($0, at: now) }
  }

  func hasOpenRows(at now: MonotonicInstant) -> Bool { rows.contains { !$0.isUnknown && $0.expiresAt > now } }

  mutating func intend(
    _ operation: ExternalChangeOperation,
    lifetime: Duration,
    isAwaited: Bool,
    at now: MonotonicInstant
  ) -> Intended {
    if hasRecord != (operation == .remove) { return isAwaited ? .overtaken : .refused }
    for index in rows.indices where rows[index].expiresAt <= now { rows[index].isUnknown = true }
    if open(at: now) != nil { return .busy(hasRecord: hasRecord) }
    let afterUnknown = outstanding(operation, at: now)
    lastID += 1
    rows.append(Row(id: lastID, operation: operation, expiresAt: now + lifetime))
    return .written(lastID, afterUnknown: afterUnknown)
  }

  mutating func end(_ id: Int) { rows.removeAll { $0.id == id } }

  mutating func markUnknown(_ id: Int) {
    for index in rows.indices where rows[index].id == id { rows[index].isUnknown = true }
  }

  enum Recorded: Sendable { case now, before, overtaken, late }

  mutating func record(
    _ operation: ExternalChangeOperation,
    _ id: Int,
    settlesEarlier: Bool
  ) -> Recorded {
    guard let index = rows.firstIndex(where: { $0.id == id }) else { return .before }
    if rows[index].isUnknown { return rows[index].isSettled ? .overtaken : .late }
    guard hasRecord == (operation == .remove) else {
      (rows[index].isUnknown, rows[index].isSettled) = (true, true)
      return .overtaken
    }
    hasRecord = operation == .add
    end(id)
    if settlesEarlier { settle(operation) }
    return .now
  }

  mutating func settle(_ operation: ExternalChangeOperation) {
    for index in rows.indices where rows[index].operation == operation && rows[index].isUnknown {
      rows[index].isSettled = true
    }
  }

  /// The event that prisoner search tells of a discharge.
  /// - Returns: false if it must come again, because an addition is intended.
  mutating func hearRelease(at now: MonotonicInstant) -> Bool {
    if hasRecord { return true }
    if rows.contains(where: { $0.operation == .add && !$0.isUnknown && $0.expiresAt > now }) { return false }
    for index in rows.indices where rows[index].expiresAt <= now { rows[index].isUnknown = true }
    hasRecord = true
    settle(.add)
    return true
  }
}
