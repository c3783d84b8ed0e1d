import ServiceKit
import Testing
import Time

@testable import NonAssociationsModule

@Suite("The merge table (docs/contract/non-associations.md §11, §15 rows 141, 142)")
struct MergePlanTests {
  private static let (o, n, x) = ("A7777BB", "B8888CC", "X1111XX")
  private static let now = Fixture.clock + .seconds(86_400)

  private static func run(
    _ rows: [NonAssociation],
    from: Timestamp? = nil,
    until: Timestamp? = nil,
    old: String = o,
    new: String = n
  ) -> [MergePlan.Step] {
    let number = NumberChange(old: old, new: new, from: from, until: until, cause: "event")
    return MergePlan(number: number, now: now).steps(rows)
  }

  private static func results(_ steps: [MergePlan.Step]) -> [String] {
    steps.map { step in
      "\(step.row.id) \(step.row.first.prisonerNumber)-\(step.row.second.prisonerNumber) \(step.change.kind.rawValue)"
    }
  }

  @Test("M1 to M3: between the two numbers, in either order, open or closed: deleted")
  func deleted() {
    for row in [
      Fixture.open(1, Self.o, Self.n), Fixture.open(1, Self.n, Self.o), Fixture.closed(1, Self.o, Self.n),
    ] {
      let steps = Self.run([row])
      #expect(steps.map(\.change.kind) == [.deleted])
      #expect(steps.map(\.row) == [row])
    }
  }

  @Test("M4, M5, M10, M12: renamed on its side; nothing else changes")
  func renamed() {
    let third = Self.run([Fixture.open(1, Self.o, Self.x)])
    #expect(third.map(\.row) == [Fixture.open(1, Self.n, Self.x)])
    #expect(third.map(\.change.kind) == [.merged])
    #expect(Self.run([Fixture.open(1, Self.x, Self.o)]).map(\.row) == [Fixture.open(1, Self.x, Self.n)])
    // M10: closed rows of the new number are history, which the store does not even read.
    let besideClosed = Self.run([Fixture.closed(1, Self.n, Self.x), Fixture.open(2, Self.o, Self.x)])
    #expect(besideClosed.map(\.row) == [Fixture.open(2, Self.n, Self.x)])
    let closed = Self.run([Fixture.closed(1, Self.o, Self.x)])
    #expect(closed.map(\.row) == [Fixture.closed(1, Self.n, Self.x)])
    #expect(closed.map(\.change.kind) == [.merged])
  }

  @Test("M6 to M9, M11: closed beside an open row of the new number, in either order")
  func duplicates() {
    let cases: [([NonAssociation], String)] = [
      ([Fixture.open(1, Self.o, Self.x), Fixture.open(2, Self.n, Self.x)], "1 B8888CC-X1111XX CLOSED"),
      ([Fixture.open(1, Self.o, Self.x), Fixture.open(2, Self.x, Self.n)], "1 B8888CC-X1111XX CLOSED"),
      ([Fixture.open(1, Self.x, Self.o), Fixture.open(2, Self.x, Self.n)], "1 X1111XX-B8888CC CLOSED"),
      (
        [
          Fixture.open(1, Self.o, Self.x), Fixture.open(2, Self.n, Self.x), Fixture.closed(3, Self.n, Self.x),
        ],
        "1 B8888CC-X1111XX CLOSED"
      ), ([Fixture.closed(1, Self.o, Self.x), Fixture.open(2, Self.n, Self.x)], "1 B8888CC-X1111XX CLOSED"),
    ]
    for (rows, expected) in cases {
      let steps = Self.run(rows)
      #expect(Self.results(steps) == [expected])
      #expect(
        steps.first?.row.closure == .init(by: "NON_ASSOCIATIONS_API", reason: "MERGE", at: Self.now)
      )
      #expect(steps.first?.row.updatedBy == "NON_ASSOCIATIONS_API")
      #expect(steps.first?.row.whenUpdated == Self.now)
    }
  }

  @Test("M13: an old double is renamed once, and closed the second time")
  func double() {
    let steps = Self.run([Fixture.open(1, Self.o, Self.x), Fixture.open(2, Self.x, Self.o)])
    #expect(Self.results(steps) == ["1 B8888CC-X1111XX MERGED", "2 X1111XX-B8888CC CLOSED"])
  }

  @Test("M14 to M16: many distinct ones are renamed; none is nothing; one number twice is ignored")
  func others() {
    var rows = (1...5).map { Fixture.open(Int64($0), Self.o, "X000\($0)XX") }
    rows += (6...8).map { Fixture.open(Int64($0), "Y000\($0)YY", Self.o) }
    let steps = Self.run(rows)
    #expect(steps.map(\.change.kind) == Array(repeating: .merged, count: 8))
    #expect(Self.run([Fixture.open(1, Self.n, Self.x)]).isEmpty)
    #expect(Self.run([]).isEmpty)
    #expect(Self.run([Fixture.open(1, Self.o, Self.x)], new: Self.o).isEmpty)
  }

  @Test("M17: the large case, whole and in its ranges")
  func large() {
    func day(_ days: Int64) -> Timestamp { Fixture.clock + .seconds(days * 86_400) }
    func row(_ id: Int64, _ first: String, _ second: String, _ days: Int64) -> NonAssociation {
      var row = Fixture.open(id, first, second)
      row.whenCreated = day(days)
      return row
    }
    let (o, n) = ("A1234AA", "B1234AA")
    let rows = [
      row(1, o, "X1", -5), row(2, "X2", o, -4), row(3, n, "X1", -3), row(4, "X2", n, -2), row(5, o, n, -1),
      row(6, o, "C", 0), row(7, "D", o, 1), row(8, n, o, 2),
    ]
    #expect(
      Self.results(Self.run(rows, old: o, new: n)) == [
        "1 B1234AA-X1 CLOSED", "2 X2-B1234AA CLOSED", "5 A1234AA-B1234AA DELETED", "6 B1234AA-C MERGED",
        "7 D-B1234AA MERGED", "8 B1234AA-A1234AA DELETED",
      ]
    )
    let ranges: [(Int64?, Int64?, [Int])] = [
      (-10, 2, [2, 2, 2]), (nil, nil, [2, 2, 2]), (-5, 0, [1, 2, 1]), (-1, 3, [2, 0, 2]),
      (1, nil, [1, 0, 1]),
      (nil, -1, [0, 2, 1]),
    ]
    for (from, until, counts) in ranges {
      let steps = Self.run(rows, from: from.map(day), until: until.map(day), old: o, new: n)
      let kinds = [ChangeKind.merged, .closed, .deleted]
      #expect(kinds.map { kind in steps.count { $0.change.kind == kind } } == counts)
    }
  }
}
