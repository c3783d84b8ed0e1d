import Events
import Testing

/// What every outbox does for relays: one case each, and one check for each case.
package enum OutboxClaim: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case committedRowsAlone = "rows that were rolled back are never claimed"
  case firstOfEachSubject = "a claim takes the first unpublished row of each subject"
  case limitsAreKept = "a claim takes as many as asked for at most, the first ones; the next takes the rest"
  case claimsExclude = "what is claimed nobody else can claim"
  case claimsEnd = "a claim ends by itself, and who has lost it marks nothing"
  case publishedLetsTheNextGo =
    "once a row is marked as published, the next of its subject can be claimed; it never can again"
  case setAsideLetsTheNextGo = "a row that is set aside does not hold up its subject"
  case postponedHoldsItsSubject =
    "a row that is put off holds up its subject, and nobody else, until its time has come"
  case untriedAtOnce = "a row that was not tried can be claimed at once, and nothing counts against it"
  case lockedIsSkipped = "a claim does not wait for rows that somebody has locked"
  case untriedFirst = "if asked for, rows that never failed come first"
  case pruningKeepsTheRest =
    "pruning deletes rows that were published long ago, as many as asked for, and no others"

  package var testDescription: String { rawValue }

  /// Checks the claim; expectations that do not hold are recorded.
  package func check(_ outbox: some ConformingOutbox) async throws {
    let check = OutboxCheck(outbox: outbox)
    switch self {
    case .committedRowsAlone: try await check.committedRowsAlone()
    case .firstOfEachSubject: try await check.firstOfEachSubject()
    case .limitsAreKept: try await check.limitsAreKept()
    case .claimsExclude: try await check.claimsExclude()
    case .claimsEnd: try await check.claimsEnd()
    case .publishedLetsTheNextGo: try await check.publishedLetsTheNextGo()
    case .setAsideLetsTheNextGo: try await check.setAsideLetsTheNextGo()
    case .postponedHoldsItsSubject: try await check.postponedHoldsItsSubject()
    case .untriedAtOnce: try await check.untriedAtOnce()
    case .lockedIsSkipped: try await check.lockedIsSkipped()
    case .untriedFirst: try await check.untriedFirst()
    case .pruningKeepsTheRest: try await check.pruningKeepsTheRest()
    }
  }
}

/// The checks of ``OutboxClaim``.
private struct OutboxCheck<Outbox: ConformingOutbox> {
  let outbox: Outbox

  private func append(_ subjects: String...) async throws -> [Int64] {
    try await outbox.append(subjects, isCommitted: true)
  }

  /// The numbers of what is claimed, in ascending order.
  private func claim(
    _ number: Int64,
    limit: Int = 10,
    for duration: Duration = .seconds(20),
    prefersUntried: Bool = false
  ) async throws -> [Int64] {
    try await outbox.claim(limit: limit, claim: number, for: duration, prefersUntried: prefersUntried)
      .map(\.id).sorted()
  }

  private func publish(_ rows: [Int64], _ claim: Int64) async throws -> Int {
    var settlement = RelayMachine.Settlement()
    settlement.published = rows
    return try await outbox.settle(settlement, claim: claim)
  }

  private func postpone(_ row: Int64, _ claim: Int64, _ delay: Duration, attempts: Int) async throws -> Int {
    var settlement = RelayMachine.Settlement()
    settlement.postponed = [.init(row: row, delay: delay, attempts: attempts)]
    return try await outbox.settle(settlement, claim: claim)
  }

  func committedRowsAlone() async throws {
    _ = try await outbox.append(["A", "B"], isCommitted: false)
    let rows = try await append("A")
    #expect(try await claim(1) == rows)
  }

  func firstOfEachSubject() async throws {
    let rows = try await append("A", "A", "B")
    #expect(try await claim(1) == [rows[0], rows[2]])
  }

  func limitsAreKept() async throws {
    let rows = try await append("A", "B", "C")
    #expect(try await claim(1, limit: 2) == Array(rows[...1]))
    #expect(try await claim(2, limit: 2) == [rows[2]])
  }

  func claimsExclude() async throws {
    let rows = try await append("A", "A")
    #expect(try await claim(1) == [rows[0]])
    #expect(try await claim(2) == [])
    try await outbox.pass(.seconds(19))
    #expect(try await claim(2) == [])
  }

  func claimsEnd() async throws {
    let rows = try await append("A", "A")
    #expect(try await claim(1) == [rows[0]])
    try await outbox.pass(.seconds(21))
    #expect(try await claim(2) == [rows[0]])
    #expect(try await publish([rows[0]], 1) == 0)
    #expect(try await postpone(rows[0], 1, .zero, attempts: 1) == 0)
    #expect(try await claim(3) == [])
    #expect(try await publish([rows[0]], 2) == 1)
    #expect(try await publish([rows[0]], 2) == 0)
  }

  func publishedLetsTheNextGo() async throws {
    let rows = try await append("A", "A", "B")
    _ = try await claim(1)
    #expect(try await publish([rows[0], rows[2]], 1) == 2)
    #expect(try await claim(2) == [rows[1]])
    #expect(try await publish([rows[1]], 2) == 1)
    try await outbox.pass(.seconds(60))
    #expect(try await claim(3) == [])
  }

  func setAsideLetsTheNextGo() async throws {
    let rows = try await append("A", "A")
    _ = try await claim(1)
    var settlement = RelayMachine.Settlement()
    settlement.setAside = [.init(row: rows[0], cause: .refused)]
    #expect(try await outbox.settle(settlement, claim: 1) == 1)
    #expect(try await claim(2) == [rows[1]])
  }

  func postponedHoldsItsSubject() async throws {
    let rows = try await append("A", "A", "B")
    #expect(try await claim(1, limit: 1) == [rows[0]])
    #expect(try await postpone(rows[0], 1, .seconds(60), attempts: 3) == 1)
    #expect(try await claim(2) == [rows[2]])
    try await outbox.pass(.seconds(59))
    #expect(try await claim(3) == [rows[2]])
    try await outbox.pass(.seconds(2))
    let again = try await outbox.claim(limit: 10, claim: 4, for: .seconds(20), prefersUntried: false)
    #expect(again.map(\.id) == [rows[0]])
    #expect(again.map(\.attempts) == [3])
  }

  func untriedAtOnce() async throws {
    let rows = try await append("A")
    _ = try await claim(1)
    var settlement = RelayMachine.Settlement()
    settlement.untried = rows
    #expect(try await outbox.settle(settlement, claim: 1) == 1)
    let again = try await outbox.claim(limit: 10, claim: 2, for: .seconds(20), prefersUntried: false)
    #expect(again.map(\.id) == rows)
    #expect(again.map(\.attempts) == [0])
  }

  func lockedIsSkipped() async throws {
    let rows = try await append("A", "A", "B")
    try await outbox.locking([rows[0]]) {
      let claimed = try await claim(1)
      #expect(claimed == [rows[2]])
    }
    #expect(try await claim(2) == [rows[0]])
  }

  func untriedFirst() async throws {
    let rows = try await append("A")
    _ = try await claim(1)
    #expect(try await postpone(rows[0], 1, .seconds(1), attempts: 0) == 1)
    let more = try await append("B")
    try await outbox.pass(.seconds(2))
    #expect(try await claim(2, limit: 1, prefersUntried: true) == more)
    #expect(try await claim(3, limit: 1, prefersUntried: true) == rows)
  }

  func pruningKeepsTheRest() async throws {
    let rows = try await append("A", "B", "C", "D")
    _ = try await claim(1, limit: 3)
    #expect(try await publish(Array(rows[...2]), 1) == 3)
    #expect(try await outbox.prune(olderThan: .seconds(60), limit: 2) == 0)
    try await outbox.pass(.seconds(61))
    #expect(try await outbox.prune(olderThan: .seconds(60), limit: 2) == 2)
    #expect(try await outbox.prune(olderThan: .seconds(60), limit: 2) == 1)
    #expect(try await outbox.prune(olderThan: .seconds(60), limit: 2) == 0)
    #expect(try await outbox.count() == 1)
  }
}
