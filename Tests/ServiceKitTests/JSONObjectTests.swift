import JSON
import Testing
import Time

@testable import ServiceKit

private enum Colour: String, CaseIterable { case red = "RED", green = "GREEN" }

@Suite("Properties of a request body (docs/contract/non-associations.md §4, §6)")
struct JSONObjectTests {
  private func fields(_ json: String) throws -> JSONObject {
    try JSONObject(JSONValue(parsing: Array(json.utf8)))
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
    #expect(throws: JSONObjectError(property: "a", "is required")) { try fields.text("a") }
    #expect(try fields.optionalText("a") == nil)
  }

  @Test("Objects, arrays and NUL are refused for texts")
  func refusedTexts() throws {
    for json in [#"{"a":{}}"#, #"{"a":[]}"#, #"{"a":["x"]}"#] {
      #expect(throws: JSONObjectError(property: "a", "must be a string")) {
        try fields(json).optionalText("a")
      }
    }
    #expect(throws: JSONObjectError(property: "a", "must not contain a NUL character")) {
      try fields(#"{"a":"x\u0000"}"#).text("a")
    }
  }

  @Test("Enumerations are exact names with blanks around them")
  func choices() throws {
    #expect(try fields(#"{"a":"RED"}"#).choice("a", Colour.self) == .red)
    #expect(try fields(#"{"a":" GREEN\t"}"#).choice("a", Colour.self) == .green)
    #expect(try fields(#"{"a":null}"#).optionalChoice("a", Colour.self) == nil)
    for json in ["\"red\"", "\"\"", "\"BLUE\"", "0", "\"0\"", "true", "{}", "\"RE D\"", "\"\u{a0}RED\""] {
      #expect(throws: JSONObjectError(property: "a", "must be one of RED, GREEN")) {
        try fields("{\"a\":\(json)}").optionalChoice("a", Colour.self)
      }
    }
    #expect(throws: JSONObjectError(property: "a", "is required")) {
      try fields("{}").choice("a", Colour.self)
    }
  }

  @Test("A body must be an object; null counts as none")
  func notObjects() {
    for json in ["[]", "1", "\"x\"", "true"] {
      #expect(throws: JSONObjectError("expected an object")) { try fields(json) }
    }
    let null = #expect(throws: JSONObjectError.self) { try fields("null") }
    #expect(null.map(PlatformFailure.init) == .missingBody)
  }

  @Test("An error names the property, and is answered with its reason")
  func answers() throws {
    let error = #expect(throws: JSONObjectError.self) { try fields(#"{"a":["x",null]}"#).texts("a") }
    #expect(error?.property == "a")
    #expect(error.map(PlatformFailure.init) == .unreadableBody("property a must not contain null"))
    let element = #expect(throws: JSONObjectError.self) { try fields(#"{"a":["x",{}]}"#).texts("a") }
    #expect(element?.reason == "each of property a must be a string")
    let list = #expect(throws: JSONObjectError.self) {
      try JSONObject.texts(.array([.array([])]), "the body")
    }
    #expect(list?.property == nil)
    #expect(list?.reason == "each of the body must be a string")
    #expect(throws: JSONObjectError(property: "a", "must be an object")) {
      try fields(#"{"a":1}"#).object("a")
    }
  }

  @Test("What other services answer is read as far as it can be")
  func lenient() throws {
    let fields = try fields(
      #"{"a":"x","b":1,"c":"12","d":true,"e":"false","f":null,"g":{},"h":"no","i":1.5,"o":{"p":2}}"#
    )
    #expect(
      ["a", "b", "c", "d", "f", "g", "z"].map { fields.scalar($0) } == ["x", "1", "12", nil, nil, nil, nil]
    )
    #expect(["a", "b", "c", "i", "z"].map { fields.integer($0) } == [nil, 1, 12, nil, nil])
    #expect(["d", "e", "a", "b", "z"].map { fields.boolean($0) } == [true, false, nil, nil, nil])
    #expect(try fields.requiredScalar("b") == "1")
    #expect(throws: JSONObjectError(property: "g", "is required")) { try fields.requiredScalar("g") }
    #expect(try fields.object("o").integer("p") == 2)
    #expect(try JSONObject.list(.array([.object([:]), .object([:])])).count == 2)
    #expect(throws: JSONObjectError("expected an array")) { try JSONObject.list(.object([:])) }
    #expect(throws: JSONObjectError("expected an object")) { try JSONObject.list(.array([.string("x")])) }
  }
}
