import ServiceKit
import Testing
import Time

@testable import NonAssociationsModule

@Suite("A prisoner's list: filters, counts and orders (docs/contract/non-associations.md §7.1)")
struct PrisonerNonAssociationsTests {
  /// F(J,M), Fc(M,S), F(E,M) of docs/contract/non-associations.md §15 rows 88 to 93.
  private let rows = [
    Fixture.open(1, "A1234BC", "D5678EF"), Fixture.closed(2, "D5678EF", "G9012HI"),
    Fixture.open(3, "L3456MN", "D5678EF"),
  ]

  private func list(_ change: (inout ListOptions) -> Void = { _ in }) throws -> PrisonerNonAssociations {
    var options = ListOptions()
    change(&options)
    return try #require(
      PrisonerNonAssociations(
        of: Fixture.ben,
        rows: rows,
        prisoners: Fixture.byNumber(Fixture.everybody),
        options: options
      )
    )
  }

  @Test("By default open ones in the same prison are listed, and both kinds counted")
  func byDefault() throws {
    let list = try list()
    #expect(list.items.map(\.nonAssociation.id) == [1])
    #expect(list.items[0].own.role == .known(.perpetrator))
    #expect(list.items[0].other.role == .known(.victim))
    #expect((list.openCount, list.closedCount) == (1, 1))
  }

  @Test("Closed ones are listed on demand; the counts stay")
  func closed() throws {
    let both = try list { $0.includeClosed = true }
    #expect(Set(both.items.map(\.nonAssociation.id)) == [1, 2])
    #expect((both.openCount, both.closedCount) == (1, 1))
    let closed = try list {
      $0.includeClosed = true
      $0.includeOpen = false
    }
    #expect(closed.items.map(\.nonAssociation.id) == [2])
    #expect(closed.items[0].nonAssociation.closure?.by == "CLOSE_USER")
    #expect((closed.openCount, closed.closedCount) == (1, 1))
  }

  @Test("Other prisons are listed and counted on demand")
  func otherPrisons() throws {
    let list = try list { $0.includeOtherPrisons = true }
    #expect(Set(list.items.map(\.nonAssociation.id)) == [1, 3])
    #expect((list.openCount, list.closedCount) == (2, 1))
  }

  @Test("Two prisoners without a prison are in the same place; TRN and OUT are ordinary places")
  func noPrison() throws {
    var lost = Fixture.unplaced
    lost.prisonerNumber = "D9999DD"
    let rows = [Fixture.open(1, "D1234DD", "A1234BC"), Fixture.open(2, "D9999DD", "D1234DD")]
    let list = try #require(
      PrisonerNonAssociations(
        of: Fixture.unplaced,
        rows: rows,
        prisoners: Fixture.byNumber(Fixture.everybody + [lost]),
        options: ListOptions()
      )
    )
    #expect(list.items.map(\.nonAssociation.id) == [2])
    let between = try #require(
      PrisonerNonAssociations(
        of: Fixture.transferred,
        rows: [Fixture.open(1, "C1234CC", "B1234BB")],
        prisoners: Fixture.byNumber(Fixture.everybody),
        options: ListOptions()
      )
    )
    #expect(between.items.isEmpty)
  }

  @Test("Somebody unknown makes no list")
  func unknown() {
    let list = PrisonerNonAssociations(
      of: Fixture.ben,
      rows: rows,
      prisoners: Fixture.byNumber([Fixture.ben, Fixture.ann]),
      options: ListOptions()
    )
    #expect(list == nil)
  }

  @Test("Sorting by last name, descending")
  func lastName() throws {
    let list = try list {
      $0.includeClosed = true
      $0.includeOtherPrisons = true
      $0.sortBy = .lastName
      $0.sortDirection = .descending
    }
    #expect(list.items.map(\.otherPrisoner.lastName) == ["YOUNG", "MARSH", "ADAMS"])
  }

  @Test("Times sort descending unless told otherwise, everything else ascending")
  func defaults() {
    for key in SortKey.allCases {
      let isTime = [.whenCreated, .whenUpdated, .whenClosed].contains(key)
      #expect(key.defaultDirection == (isTime ? .descending : .ascending))
    }
  }

  /// Four rows that every key orders as 3, 2, 1, 4 ascending; row 3 has no value where there may be none, and row 4 is
  /// a double of row 1.
  private func sorted(_ key: SortKey, _ direction: SortDirection?) throws -> [Int64] {
    var rows: [NonAssociation] = []
    var people: [Prisoner] = [Fixture.ben]
    for (id, rank) in [(Int64(1), Int64(2)), (2, 1), (3, 0), (4, 2)] {
      let letter = ["", "a", "b"][Int(rank)]
      var row = Fixture.closed(id, "D5678EF", "X\(rank)")
      row.whenCreated = Timestamp(seconds: rank)
      row.whenUpdated = Timestamp(seconds: rank)
      row.closure = rank == 0 ? nil : .init(by: "x", reason: "x", at: Timestamp(seconds: rank))
      rows.append(row)
      people.append(
        Prisoner(
          prisonerNumber: "X\(rank)",
          firstName: letter,
          lastName: letter,
          prisonID: rank == 0 ? nil : letter,
          prisonName: rank == 0 ? nil : letter,
          cellLocation: rank == 0 ? nil : letter
        )
      )
    }
    var options = ListOptions(includeClosed: true, includeOtherPrisons: true)
    options.sortBy = key
    options.sortDirection = direction
    let list = try #require(
      PrisonerNonAssociations(
        of: Fixture.ben,
        rows: rows,
        prisoners: Fixture.byNumber(people),
        options: options
      )
    )
    return list.items.map(\.nonAssociation.id)
  }

  @Test(
    "Nulls come first ascending and last descending, and ties keep the order of ids",
    arguments: SortKey.allCases
  )
  func nulls(key: SortKey) throws {
    #expect(try sorted(key, .ascending) == [3, 2, 1, 4])
    #expect(try sorted(key, .descending) == [1, 4, 2, 3])
    #expect(try sorted(key, nil) == (key.defaultDirection == .ascending ? [3, 2, 1, 4] : [1, 4, 2, 3]))
  }

  @Test("Texts sort by code unit: capitals before small letters, no locale")
  func codeUnits() throws {
    let names = ["a", "B", "é", "Z", "e\u{301}", "", "\u{FFFD}", "\u{1F6AA}"]
    let people = names.enumerated().map {
      Prisoner(prisonerNumber: "X\($0)", firstName: $1, lastName: "x", prisonID: "MDI")
    }
    let rows = names.indices.map { Fixture.open(Int64($0), "D5678EF", "X\($0)") }
    var options = ListOptions()
    options.sortBy = .firstName
    let list = try #require(
      PrisonerNonAssociations(
        of: Fixture.ben,
        rows: rows,
        prisoners: Fixture.byNumber(people),
        options: options
      )
    )
    #expect(
      list.items.map { Array($0.otherPrisoner.firstName.utf16) }
        == ["", "B", "Z", "a", "e\u{301}", "é", "\u{1F6AA}", "\u{FFFD}"].map { Array($0.utf16) }
    )
  }
}
