import Postgres
import ServiceKit
import Testing

@Suite("Tables, from the declaration of their columns")
struct TableTests {
  private enum Colour: String, Code {
    static let summary = "A colour"
    static let listName = "colours"

    case red = "RED"
    case blue = "BLUE"

    var description: String { rawValue.lowercased() }
  }

  private struct Row: Sendable {
    var id: Int64 = 0
    var text = "text"
    var front = StoredCode.known(Colour.red)
    var back = StoredCode.known(Colour.blue)
    var added = StoredCode.known(Colour.blue)
  }

  private static let table = Record("things") { (table: inout Table<Row>) in
    _ = table.key("id") { $0.id }
    _ = table.text("text", .varchar(9)) { $0.text }
    _ = table.code("front", .varchar(20)) { $0.front }
    _ = table.code("back", .varchar(20)) { $0.back }
    return table.added { $0.code("added", .varchar(20)) { $0.added } }
  }

  @Test("Statements have every column, those that a step of ours adds too")
  func statements() {
    let table = Self.table.table
    #expect(table.selected == "id, text, front, back, added")
    #expect(table.insertion(from: 3) == "(text, front, back, added) values ($3, $4, $5, $6)")
    #expect(
      table.insertion(from: 3, unless: "exists (select)")
        == "(text, front, back, added) select $3, $4, $5, $6 where not exists (select)"
    )
    #expect(table.inserted(Row()) == [.text("text"), .text("RED"), .text("BLUE"), .text("BLUE")])
    #expect(Self.table.fields.position == 4)
  }

  @Test("A database of the service replaced lacks what a step of ours adds")
  func adoption() {
    let table = Self.table.table
    #expect(table.adopted.map(\.name) == ["id", "text", "front", "back"])
    #expect(table.holdsUnknownCode == "front not in ('RED', 'BLUE') or back not in ('RED', 'BLUE')")
  }

  @Test("The codes of each type are listed once, with their words")
  func codes() throws {
    let lists = Self.table.table.codeLists
    #expect(lists.map(\.name) == ["colours"])
    let codes = try #require(lists.first).codes
    #expect(codes.map(\.code) == ["RED", "BLUE"])
    #expect(codes.map(\.description) == ["red", "blue"])
  }

  @Test("A bit tells of each column whether it differs")
  func changes() {
    var row = Row()
    #expect(Self.table.table.changes(from: Row(), to: row) == 0)
    row.text = "other"
    row.added = .unknown("GREEN")
    #expect(Self.table.table.changes(from: Row(), to: row) == 0b1001)
  }
}
