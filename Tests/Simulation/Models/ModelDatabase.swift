package import Events
package import Time

/// The outbox table with sessions, row locks, `SKIP LOCKED` and commits, as a value that is told the server's time: what
/// PostgreSQL does for a relay, at READ COMMITTED. It is believed because the conformance suite of outboxes holds for it.
package struct ModelDatabase: Sendable {
  /// A row of `gateway_outbox`.
  package struct Row: Equatable, Sendable {
    package let id: Int64
    package let subject: String
    package let destination: String?
    package internal(set) var attempts = 0
    /// In microseconds of the server's clock, as all times here.
    package internal(set) var dueAt: Int64
    package internal(set) var claim: Int64?
    package internal(set) var publishedAt: Int64?
    package internal(set) var setAsideAt: Int64?

    /// Whether it waits to be published.
    package var isWaiting: Bool { publishedAt == nil && setAsideAt == nil }
  }

  /// Names a transaction.
  package typealias SessionID = Int

  struct Session: Sendable {
    /// What `now()` is in it.
    let began: Int64
    var lastUsed: MonotonicInstant
    var changed: [Int64: Row?] = [:]
    var locked: Set<Int64> = []
    var subjects: Set<String> = []
  }

  /// What a statement did, or whose lock it waits for.
  package enum Outcome<Value: Sendable>: Sendable {
    case done(Value)
    case waiting
    /// The transaction is no more.
    case noSession
  }

  /// As all committed.
  package private(set) var rows: [Int64: Row] = [:]
  var sessions: [SessionID: Session] = [:]
  private var locks: [Int64: SessionID] = [:]
  private var subjectLocks: [String: SessionID] = [:]
  /// Those that wait to be published, in order.
  private var waiting: [Int64] = []
  private var lastSession = 0
  private var lastRow: Int64 = 0
  /// What is wrong with it on purpose.
  var plant: PlantedFault?

  package init() {}

  // MARK: Transactions

  /// - Parameter wall: the server's clock, in microseconds.
  package mutating func begin(wall: Int64, at now: MonotonicInstant) -> SessionID {
    lastSession += 1
    sessions[lastSession] = Session(began: wall, lastUsed: now)
    return lastSession
  }

  /// - Returns: the rows that it changed, as they are now (nil for what it deleted); nil if the transaction is no more.
  @discardableResult
  package mutating func commit(_ id: SessionID) -> [Int64: Row?]? {
    guard let session = sessions[id] else { return nil }
    for (row, changed) in session.changed {
      rows[row] = changed
      note(row, isWaiting: changed?.isWaiting ?? false)
    }
    end(id)
    return session.changed
  }

  private mutating func note(_ row: Int64, isWaiting: Bool) {
    if isWaiting {
      var place = waiting.endIndex
      while place > 0, waiting[place - 1] >= row { place -= 1 }
      if place == waiting.endIndex || waiting[place] != row { waiting.insert(row, at: place) }
    } else {
      waiting.removeAll { $0 == row }
    }
  }

  package mutating func rollback(_ id: SessionID) { end(id) }

  private mutating func end(_ id: SessionID) {
    guard let session = sessions.removeValue(forKey: id) else { return }
    for row in session.locked { locks[row] = nil }
    for subject in session.subjects { subjectLocks[subject] = nil }
  }

  /// Whether nothing waits to be published.
  var isSettled: Bool { waiting.isEmpty }

  /// Sessions with an open transaction.
  package var openSessions: Int { sessions.count }

  /// When something was done in the transaction last; nil if it is no more.
  func lastUse(of id: SessionID) -> MonotonicInstant? { sessions[id]?.lastUsed }

  // MARK: Statements

  /// Locks what a change is about, as its rows are locked before it appends events of them.
  package mutating func lock(_ subject: String, in id: SessionID) -> Bool {
    guard sessions[id] != nil, subjectLocks[subject] == nil else { return false }
    subjectLocks[subject] = id
    sessions[id]?.subjects.insert(subject)
    return true
  }

  /// - Returns: the row's number, which is used up even if the transaction is rolled back.
  @discardableResult
  package mutating func append(_ subject: String, for destination: String?, in id: SessionID) -> Int64 {
    lastRow += 1
    if let began = sessions[id]?.began {
      sessions[id]?.changed[lastRow] = .some(
        Row(id: lastRow, subject: subject, destination: destination, dueAt: began)
      )
    }
    return lastRow
  }

  /// Claims the first unpublished row of each subject that nobody has claimed or locked.
  package mutating func claim(
    limit: Int,
    claim: Int64,
    for duration: Duration,
    prefersUntried: Bool,
    in id: SessionID
  ) -> Outcome<[RelayMachine.Row]> {
    guard let began = sessions[id]?.began else { return .noSession }
    var subjects: Set<String> = []
    var heads: [Row] = []
    for number in waiting {
      guard let row = rows[number] else { continue }
      let isHead = subjects.insert(row.subject).inserted || plant == .orderIgnored
      if isHead, row.dueAt <= began, locks[row.id] == nil { heads.append(row) }
    }
    if prefersUntried { heads.sort { ($0.dueAt, $0.id) < ($1.dueAt, $1.id) } }
    let taken = heads.prefix(limit)
    for var row in taken {
      row.claim = claim
      row.dueAt = plant == .endlessClaim ? .max : began + Int64(duration / .microseconds(1))
      change(row, in: id)
    }
    return .done(
      taken.map { RelayMachine.Row(id: $0.id, attempts: $0.attempts, destination: $0.destination) }
    )
  }

  /// Marks what became of the rows, as far as `claim` still holds.
  /// - Returns: how many rows were marked.
  package mutating func settle(_ settlement: RelayMachine.Settlement, claim: Int64, in id: SessionID)
    -> Outcome<Int>
  {
    guard let began = sessions[id]?.began else { return .noSession }
    let all =
      settlement.published + settlement.setAside.map(\.row) + settlement.postponed.map(\.row)
      + settlement.untried
    if all.contains(where: { locks[$0].map { $0 != id } ?? false }) { return .waiting }
    var marked = 0
    func mark(_ number: Int64, _ body: (inout Row) -> Void) {
      guard var row = rows[number], row.claim == claim || plant == .missingFence, row.publishedAt == nil
      else {
        return
      }
      row.claim = nil
      body(&row)
      change(row, in: id)
      marked += 1
    }
    for row in settlement.published { mark(row) { $0.publishedAt = began } }
    for row in settlement.setAside {
      mark(row.row) {
        $0.setAsideAt = began
        $0.attempts += 1
      }
    }
    for row in settlement.postponed {
      mark(row.row) {
        $0.dueAt = began + Int64(row.delay / .microseconds(1))
        $0.attempts += row.attempts
      }
    }
    for row in settlement.untried { mark(row) { $0.dueAt = began } }
    return .done(marked)
  }

  /// Deletes rows that were published so long ago.
  /// - Returns: how many, at most `limit`.
  package mutating func prune(olderThan retention: Duration, limit: Int, in id: SessionID) -> Outcome<Int> {
    guard let began = sessions[id]?.began else { return .noSession }
    let end = began - Int64(retention / .microseconds(1))
    let old = rows.values.filter { row in row.publishedAt.map { $0 < end } ?? false && locks[row.id] == nil }
      .sorted { ($0.publishedAt ?? 0, $0.id) < ($1.publishedAt ?? 0, $1.id) }
      .prefix(limit)
    for row in old {
      lock(row.id, in: id)
      sessions[id]?.changed[row.id] = .some(nil)
    }
    return .done(old.count)
  }

  private mutating func change(_ row: Row, in id: SessionID) {
    lock(row.id, in: id)
    sessions[id]?.changed[row.id] = .some(row)
  }

  /// `SELECT … FOR UPDATE` of rows that nobody has locked.
  package mutating func lock(_ rows: [Int64], in id: SessionID) {
    for row in rows where locks[row] == nil { lock(row, in: id) }
  }

  private mutating func lock(_ row: Int64, in id: SessionID) {
    locks[row] = id
    sessions[id]?.locked.insert(row)
  }

  /// Tells that somebody uses the transaction.
  mutating func touch(_ id: SessionID, at now: MonotonicInstant) { sessions[id]?.lastUsed = now }
}
