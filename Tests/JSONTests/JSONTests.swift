import JSON
import ServiceKit
import Testing
import Time

@testable import JSON

private func text(_ build: (inout JSONWriter) -> Void) -> String {
  var writer = JSONWriter()
  build(&writer)
  return writer.text
}

@Suite("Writing JSON")
struct JSONWriterTests {
  @Test("Objects and arrays nest, with commas where they belong")
  func nesting() {
    let json = text {
      $0.beginObject()
      $0.field("a", Int64(1))
      $0.key("b")
      $0.beginArray()
      $0.beginObject()
      $0.endObject()
      $0.value("x")
      $0.value(false)
      $0.null()
      $0.beginArray()
      $0.endArray()
      $0.endArray()
      $0.field("c", nil as String?)
      $0.field("d", nil as LocalDateTime?)
      $0.field("e", LocalDateTime(contractText: "2023-12-05T12:34:56.1"))
      $0.key("run" + "time\"")
      $0.value(true)
      $0.endObject()
    }
    #expect(
      json
        == #"{"a":1,"b":[{},"x",false,null,[]],"c":null,"d":null,"e":"2023-12-05T12:34:56.1","runtime\"":true}"#
    )
  }

  @Test(
    "Integers are exact",
    arguments: [Int64.min, -1_000_000, -10, -1, 0, 1, 9, 10, 99, 100, 1_234_567_890, .max]
  )
  func integers(value: Int64) {
    #expect(text { $0.value(value) } == String(value))
  }

  @Test("Only quotation mark, backslash and control characters are escaped")
  func escapes() {
    #expect(
      text { $0.value("\"\\/\u{8}\t\n\u{c}\r\u{0}\u{1f}\u{7f}") } == #""\"\\/\b\t\n\f\r\u0000\u001F"#
        + "\u{7f}\""
    )
    #expect(text { $0.value("Zoë – 🚪\u{2028}\u{e000}") } == "\"Zoë – 🚪\u{2028}\u{e000}\"")
    #expect(text { $0.value("") } == "\"\"")
  }

  @Test("A text has the room that its escapes take, whatever the writer had", arguments: 0...40)
  func room(capacity: Int) {
    for written in ["\"\"\"\"\"\"\"\"\"\"", "\u{1}\n\u{1f}\\plain", "0123456789012345678\"", "\t", ""] {
      var writer = JSONWriter(capacity: capacity)
      writer.beginArray()
      writer.value(written)
      writer.value(written)
      writer.endArray()
      let quoted = text { $0.value(written) }
      #expect(writer.text == "[\(quoted),\(quoted)]")
    }
  }

  @Test("What is written is read back")
  func roundTrip() throws {
    var long = ""
    for scalar in (0..<0x3000).compactMap({ Unicode.Scalar($0 as UInt32) }) {
      long.unicodeScalars.append(scalar)
    }
    var writer = JSONWriter()
    writer.value(long)
    #expect(try JSONValue(parsing: writer.bytes) == .string(long))
  }
}

@Suite("Reading JSON")
struct JSONReaderTests {
  @Test("Every kind of value is read")
  func kinds() throws {
    let json = Array(
      #" { "a" : [ 1 , -0.5e+3, true, false, null, "x", {} , [] ] , "b" : { "c" : "d" } } "#.utf8
    )
    #expect(
      try JSONValue(parsing: json)
        == .object([
          "a": .array([
            .number("1"), .number("-0.5e+3"), .boolean(true), .boolean(false), .null, .string("x"),
            .object([:]),
            .array([]),
          ]),
          "b": .object(["c": .string("d")]),
        ])
    )
  }

  @Test("The last of several members with one name counts, and a byte order mark is passed over")
  func duplicates() throws {
    #expect(
      try JSONValue(parsing: [0xEF, 0xBB, 0xBF] + Array(#"{"a":1,"a":2}"#.utf8))
        == .object(["a": .number("2")])
    )
  }

  @Test(
    "Escapes are undone",
    arguments: [
      (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"), (#""\u0041\u00e9\u20AC""#, "Aé€"),
      (#""\ud83d\udEAA!""#, "🚪!"), (#""a\u0000b""#, "a\0b"), (#""é\n🚪""#, "é\n🚪"),
    ]
  )
  func escapes(json: String, value: String) throws {
    #expect(try JSONValue(parsing: Array(json.utf8)) == .string(value))
  }

  @Test(
    "Whatever RFC 8259 does not allow is refused",
    arguments: [
      "", " ", "{", "}", "[", "]", "[1,]", "[,1]", "[1 2]", "{\"a\":1,}", "{,}", "{\"a\"}", "{\"a\":}",
      "{a:1}",
      "{'a':1}", "{\"a\":1 \"b\":2}", "{\"a\" 1}", "01", "1.", ".5", "+1", "1e", "1e+", "-", "--1", "0x1",
      "NaN",
      "Infinity", "tru", "True", "nul", "\"a", "\"\n\"", "\"\\x\"", "\"\\u12\"", "\"\\u12G4\"", "\"\\ud800\"",
      "\"\\ud800x\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\\", "1 2", "{} x", "[]]", "// c\n1",
      "1 /* c */",
      "\u{feff}\u{feff}1",
    ]
  )
  func refused(json: String) {
    #expect(throws: JSONError.self) { try JSONValue(parsing: Array(json.utf8)) }
  }

  @Test("Invalid UTF-8 is refused")
  func encoding() {
    for bytes: [UInt8] in [
      [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82],
    ] {
      #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22] + bytes + [0x22]) }
      #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0x5C, 0x6E] + bytes + [0x22]) }
    }
  }

  @Test("Nesting is bounded")
  func depth() throws {
    let deep = { (count: Int) in
      [UInt8](repeating: UInt8(ascii: "["), count: count)
        + [UInt8](repeating: UInt8(ascii: "]"), count: count)
    }
    _ = try JSONValue(parsing: deep(64))
    #expect(throws: JSONError(reason: "nested deeper than 64", offset: 65)) {
      try JSONValue(parsing: deep(65))
    }
    #expect(throws: JSONError.self) { try JSONValue(parsing: deep(1_000_000)) }
  }

  @Test("Every prefix and every damaged byte of a body is read or refused without a trap")
  func damaged() {
    let json = Array(#"{"a":["é\ud83d\udEAA\n",-1.5e3,true,null,{"b":false}]}"#.utf8)
    for count in json.indices {
      #expect(throws: JSONError.self) { try JSONValue(parsing: Array(json.prefix(count))) }
    }
    for index in json.indices {
      for byte in UInt8.min ... .max {
        var damaged = json
        damaged[index] = byte
        _ = try? JSONValue(parsing: damaged)
      }
    }
  }

  @Test("Errors quote nothing of the text")
  func privacy() {
    let error = #expect(throws: JSONError.self) {
      try JSONValue(parsing: Array(#"{"comment":"secret" oops}"#.utf8))
    }
    #expect(error?.description == "expected a comma or the end of the container at byte 20")
  }
}
