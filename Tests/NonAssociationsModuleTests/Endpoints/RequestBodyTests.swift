import HTTPTransport
import JSON
import ServiceKit
import Testing

@testable import NonAssociationsModule

@Suite("The body of a create (docs/contract/non-associations.md §7.2)")
struct RequestBodyTests {
  private static let valid = [
    "firstPrisonerNumber": "\"A1234BC\"", "firstPrisonerRole": "\"VICTIM\"",
    "secondPrisonerNumber": "\"D5678EF\"",
    "secondPrisonerRole": "\"PERPETRATOR\"", "reason": "\"VIOLENCE\"", "restrictionType": "\"CELL\"",
    "comment": "\"fighting\"",
  ]

  private func decode(_ changes: [String: String?] = [:]) throws -> NonAssociation.Given {
    var properties = Self.valid
    for (name, value) in changes { properties[name] = value }
    let json = "{" + properties.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
    return try CreateRequest(json: JSONValue(parsing: Array(json.utf8))).given
  }

  private func message(_ changes: [String: String?]) -> String? {
    do {
      _ = try decode(changes)
      return nil
    } catch let error as NonAssociationsError {
      return String(decoding: error.body.response.body, as: UTF8.self)
    } catch let error as JSONObjectError {
      return String(decoding: ErrorBody(PlatformFailure(error)).response.body, as: UTF8.self)
    } catch let failure as PlatformFailure {
      return String(decoding: ErrorBody(failure).response.body, as: UTF8.self)
    } catch {
      return "\(error)"
    }
  }

  @Test("A valid body is read whole")
  func valid() throws {
    let new = try decode()
    #expect(new.first == .init(prisonerNumber: "A1234BC", role: .known(.victim)))
    #expect(new.second == .init(prisonerNumber: "D5678EF", role: .known(.perpetrator)))
    #expect((new.reason, new.restrictionType, new.comment) == (.known(.violence), .known(.cell), "fighting"))
  }

  @Test("Blank comments, small letters, unknown properties and numbers for texts pass")
  func lenient() throws {
    #expect(try decode(["comment": "\" \""]).comment == " ")
    #expect(try decode(["comment": "5"]).comment == "5")
    #expect(
      try decode(["firstPrisonerNumber": "\"a1234bc\"", "extra": "[1]"]).first.prisonerNumber == "a1234bc"
    )
    #expect(try decode(["reason": "\" THREAT \""]).reason == .known(.threat))
  }

  @Test("Broken rules are code 102 and are all told at once")
  func rules() {
    #expect(
      message(["firstPrisonerNumber": "\"A12\""]) == """
        {"status":400,"userMessage":"Validation Failure: firstPrisonerNumber: Prisoner number must be in the correct \
        format","developerMessage":"firstPrisonerNumber: Prisoner number must be in the correct format",\
        "errorCode":102,"moreInfo":null}
        """
    )
    let both = message(["secondPrisonerNumber": "\"D5678EF9\"", "comment": "\"\""])
    #expect(both?.contains("secondPrisonerNumber: Prisoner number must be in the correct format") == true)
    #expect(both?.contains("comment: A comment is required") == true)
    #expect(both?.contains("\"errorCode\":102") == true)
  }

  @Test("The same prisoner twice is code 102")
  func samePrisoner() {
    let text = message(["secondPrisonerNumber": "\"A1234BC\""])
    #expect(text?.contains("The two prisoner numbers must be different") == true)
    #expect(text?.contains("\"errorCode\":102") == true)
  }

  @Test("Unreadable bodies are 400 without a code and name the property")
  func unreadable() {
    let prefix =
      "{\"status\":400,\"userMessage\":\"Validation failure: Couldn't read request body: JSON parse error: "
    for name in Self.valid.keys {
      for value in [nil, "null", "{}", "[]"] as [String?] {
        let text = message([name: value])
        #expect(
          text?.hasPrefix(prefix + "property \(name) ") == true,
          "\(name) \(value ?? "absent"): \(text ?? "")"
        )
        #expect(text?.contains("\"errorCode\":null") == true)
      }
    }
    for (name, value) in [("reason", "\"NOPE\""), ("reason", "\"threat\""), ("firstPrisonerRole", "\"\"")] {
      #expect(message([name: value])?.hasPrefix(prefix + "property \(name) must be one of ") == true)
    }
  }

  @Test(
    "Prisoner numbers are a letter, four digits and two letters",
    arguments: [
      ("A1234BC", true), ("a1234bc", true), ("Z0000zZ", true), ("A12", false), ("A1234BCX", false),
      ("", false),
      ("11234BC", false), ("AB234BC", false), ("A1234B1", false), (" A1234BC", false), ("A1234BC\n", false),
      ("A１234BC", false), ("Á1234B", false), ("A1234B{", false), ("[1234BC", false), ("A1234B@", false),
    ]
  )
  func form(text: String, isWellFormed: Bool) {
    #expect(PrisonerNumber.isWellFormed(text) == isWellFormed)
  }
}
