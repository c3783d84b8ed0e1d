import JSON
import Testing

@Suite("How strictly JSON is read")
struct JSONPolicyTests {
  @Test(
    "JSON that is not quite JSON, or that two readers may read differently, is refused",
    arguments: [
      "", " ", "{", "}", "[1,]", "{\"a\":1,}", "{a:1}", "{'a':1}", "01", "-", "+1", "1.", ".5", "1e", "1e+",
      "0x1",
      "NaN", "tru", "nul", "\"", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\ud800\"",
      "\"\\ud800\\u0041\"",
      "\"\\udc00\"", "\"\t\"", "1 2", "[1 2]", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{\"a\":1,\"a\":1}", "{1:2}",
      "[",
      "{\"a\"", "{\"a\":", String(repeating: "[", count: 100_000), "\u{feff}1", "\"a\"b",
    ]
  )
  func badJSON(_ text: String) {
    #expect(throws: JSONError.self) { try JSONValue(parsing: Array(text.utf8), .noDuplicates) }
  }

  @Test("JSON is read into values")
  func json() throws {
    let text = #" {"a": [1, -2.5e1, true, false, null, "\u00e9\ud83d\ude00\n\/\"é"], "b": {}, "c": []} "#
    let members = try #require(try JSONValue(parsing: Array(text.utf8), .noDuplicates).object)
    let list = try #require(members["a"]?.array)
    #expect(list.compactMap(\.double) == [1, -25])
    #expect(list.last?.string == "é😀\n/\"é")
    #expect(list.count == 6)
    #expect(members["b"]?.object?.isEmpty == true && members["c"]?.array?.isEmpty == true)
    #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0xff, 0x22], .noDuplicates) }
  }

  @Test("Line breaks in strings are read where they are told to be, and nowhere else")
  func controlCharacters() throws {
    let text = Array("{\"a\":\"one\ntwo\t\u{1}\\n\"}".utf8)
    #expect(try JSONValue(parsing: text, .lenient).object?["a"]?.string == "one\ntwo\t\u{1}\n")
    for policy in [JSONPolicy.strict, .noDuplicates] {
      #expect(throws: JSONError.self) { try JSONValue(parsing: text, policy) }
    }
    #expect(try JSONValue(parsing: JSONText.strict(text)) == JSONValue(parsing: text, .lenient))
    // An escape that a control character cuts off is none.
    #expect(throws: JSONError.self) { try JSONValue(parsing: Array("\"\\\n\"".utf8), .lenient) }
  }
}
