import JSON
import Testing
import Time

@testable import ServiceKit

private enum Colour: String, CaseIterable { case red = "RED", green = "GREEN" }

@Suite("Properties of a request body (contract §4 and §6)")
struct JSONFieldsTests {
  private func fields(_ json: String) throws -> JSONFields {
    try JSONFields(JSONValue(parsing: Array(json.utf8)))
  }

  @Test("Numbers and booleans given for a text become their text")
  func leniency() throws {
    let fields = try fields(#"{"a":"x","b":1.50,"c":true,"d":-1e5,"e":"","f":false,"unknown":{}}"#)
    #expect(try fields.text("a") == "x")
    #expect(try fields.text("b") == "1.50")
    #expect(try fields.text("c") == "true")
    #expect(try fields.text("d") == "-1e5")
    #expect(try fields.text("e").isEmpty)
    #expect(try fields.text("f") == "false")
  }

  @Test("A required text must be there, and be a text", arguments: ["{}", #"{"a":null}"#])
  func required(json: String) throws {
    let fields = try fields(json)
    #expect(throws: PlatformFailure.unreadableBody("property a is required")) { try fields.text("a") }
    #expect(try fields.optionalText("a") == nil)
  }

  @Test("Objects, arrays and NUL are refused for texts")
  func refusedTexts() throws {
    for json in [#"{"a":{}}"#, #"{"a":[]}"#, #"{"a":["x"]}"#] {
      #expect(throws: PlatformFailure.unreadableBody("property a must be a string")) {
        try fields(json).optionalText("a")
      }
    }
    #expect(throws: PlatformFailure.unreadableBody("property a must not contain a NUL character")) {
      try fields(#"{"a":"x\u0000"}"#).text("a")
    }
  }

  @Test("Enumerations are exact names with blanks around them")
  func choices() throws {
    #expect(try fields(#"{"a":"RED"}"#).choice("a", Colour.self) == .red)
    #expect(try fields(#"{"a":" GREEN\t"}"#).choice("a", Colour.self) == .green)
    #expect(try fields(#"{"a":null}"#).optionalChoice("a", Colour.self) == nil)
    for json in ["\"red\"", "\"\"", "\"BLUE\"", "0", "\"0\"", "true", "{}", "\"RE D\"", "\"\u{a0}RED\""] {
      #expect(throws: PlatformFailure.unreadableBody("property a must be one of RED, GREEN")) {
        try fields("{\"a\":\(json)}").optionalChoice("a", Colour.self)
      }
    }
    #expect(throws: PlatformFailure.unreadableBody("property a is required")) {
      try fields("{}").choice("a", Colour.self)
    }
  }

  @Test("A body must be an object; null counts as none")
  func notObjects() {
    for json in ["[]", "1", "\"x\"", "true"] {
      #expect(throws: PlatformFailure.unreadableBody("expected an object")) { try fields(json) }
    }
    #expect(throws: PlatformFailure.missingBody) { try fields("null") }
  }
}
