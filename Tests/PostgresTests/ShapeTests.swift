import Testing

@testable import Postgres

@Suite("Which prepared statement serves which use")
struct ShapeTests {
  private let statement = PostgresStatement(name: "shape", sql: "select $1")

  @Test("one text with parameters of the same types is one shape, and a null fits any")
  func shapes() {
    let shapes = StatementShapes()
    #expect(shapes.shape(of: statement, [.int8(1)]) == 0)
    #expect(shapes.shape(of: statement, [.int8(2)]) == 0)
    #expect(shapes.shape(of: statement, [.null]) == 0)
    #expect(shapes.shape(of: statement, [.text("a")]) == 1)
    #expect(shapes.types(of: 1) == [TypeID.text.rawValue])
    #expect(shapes.types(of: 2) == [])
    let other = PostgresStatement(name: "shape", sql: "select $1 + 1")
    #expect(shapes.shape(of: other, [.int8(1)]) == 2)
    #expect(shapes.shape(of: PostgresStatement(name: "shape", sql: "select 1", isPrepared: false), []) == nil)
  }

  @Test("a name has a bounded number of them; what goes beyond is sent unprepared")
  func bound() {
    let shapes = StatementShapes()
    for number in 0..<100 {
      let variant = PostgresStatement(name: "many", sql: "select \(number)")
      #expect(shapes.shape(of: variant, []) == (number < StatementShapes.maximumOfOneName ? number : nil))
    }
    let again = PostgresStatement(name: "many", sql: "select 3")
    #expect(shapes.shape(of: again, []) == 3)
  }

  @Test("ids are never given twice")
  func slots() {
    var table = SlotTable<Int>()
    let first = table.insert(1)
    #expect(table[first] == 1)
    #expect(table.remove(first) == 1)
    let second = table.insert(2)
    #expect(second != first)
    #expect(table[first] == nil && table.remove(first) == nil)
    #expect(table[second] == 2)
    #expect(table[.setUp] == nil)
  }
}
