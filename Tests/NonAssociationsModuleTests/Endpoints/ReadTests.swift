import HTTPTransport
import HTTPTypes
import JSON
import Postgres
import ServiceKit
import Testing

@testable import NonAssociationsModule

@Suite("Reading one and the constants (docs/contract/non-associations.md §7.4, §15 rows 1, 2, 64 to 67)")
struct ReadOneTests {
  @Test("401, 403, 404")
  func refused() async throws {
    try await ModuleFixture.run { module in
      #expect(try await module.status("/non-associations/42", nil) == 401)
      #expect(try await module.status("/non-associations/42", Caller.none) == 403)
      #expect(try await module.status("/non-associations/42", .writer) == 403)
      let absent = try await module.send(.get, "/non-associations/42", as: .reader)
      #expect(absent.status == 404)
      #expect(
        absent.body == """
          {"status":404,"userMessage":"Non-association not found: There is no non-association found for ID = 42",\
          "developerMessage":"There is no non-association found for ID = 42","errorCode":404,"moreInfo":null}
          """
      )
    }
  }

  @Test("Ids that are no 64-bit integers are 400; others are simply not found")
  func ids() async throws {
    try await ModuleFixture.run { module in
      for id in ["abc", "99999999999999999999", "between", "involving"] {
        let answer = try await module.send(.get, "/non-associations/\(id)", as: .reader)
        #expect(answer.status == 400)
        #expect(try answer.userMessage == "Validation failure: Parameter id must be of type long")
      }
      for id in ["-1", "0", "9223372036854775807"] {
        #expect(try await module.status("/non-associations/\(id)", .reader) == 404)
      }
    }
  }

  @Test("A row is told whole, open or closed, whatever is in its texts")
  func row() async throws {
    try await ModuleFixture.run { module in
      var row = Fixture.closed(0, "A1234BC", "D5678EF")
      row.given.comment = "\"Zoë\" \\ said:\n\u{1} 🚪" + String(repeating: "long ", count: 2000)
      row.authorisedBy = nil
      let id = try await module.store(row)
      let answer = try await module.send(.get, "/non-associations/\(id)", as: .reader)
      #expect(answer.status == 200)
      let json = try answer.json
      #expect(json.count == 20)
      #expect(json["authorisedBy"] == nil)
      #expect(json["comment"] == .string(row.given.comment))
      #expect(json["closedAt"] == .string("2023-12-05T12:34:56.123456"))
      #expect(json["isClosed"] == .boolean(true))
      #expect(json["isOpen"] == .boolean(false))
    }
  }

  @Test("A code that the module does not know is shown as itself")
  func unknownCode() async throws {
    try await ModuleFixture.run { module in
      let id = try await module.store(Fixture.open(0, "A1234BC", "D5678EF"))
      try await module.change("update non_association set reason = 'ODD'")
      let answer = try await module.send(.get, "/non-associations/\(id)", as: .reader)
      #expect(answer.status == 200)
      let json = try answer.json
      #expect(json["reason"] == .string("ODD") && json["reasonDescription"] == .string("ODD"))
    }
  }

  @Test("Constants need a token and no role")
  func constants() async throws {
    try await ModuleFixture.run { module in
      let anonymous = try await module.send(.get, "/constants", as: nil)
      #expect(anonymous.status == 401 && anonymous.body.isEmpty)
      let answer = try await module.send(.get, "/constants", as: Caller.none)
      #expect(answer.status == 200)
      #expect(answer.body == String(decoding: Constants.json, as: UTF8.self))
    }
  }

  @Test("Unknown paths and methods (146, 147)")
  func edges() async throws {
    try await ModuleFixture.run { module in
      #expect(try await module.status("/foo", nil) == 401)
      let unknown = try await module.send(.get, "/foo", as: Caller.none)
      #expect(unknown.status == 404)
      #expect(try unknown.userMessage == "No resource found: No static resource foo for request '/foo'.")
      for method in [HTTPRequest.Method.delete, .post] {
        let answer = try await module.send(method, "/non-associations/1", as: .writer)
        #expect(answer.status == 405)
        #expect(answer.fields[.allow]?.contains("GET") == true)
      }
    }
  }
}

@Suite("A prisoner's list (docs/contract/non-associations.md §7.1, §15 rows 84 to 102)")
struct ListTests {
  private static let path = "/prisoner/D5678EF/non-associations"

  /// F(J,M), Fc(M,S), F(E,M).
  private static func rows(_ module: ModuleFixture) async throws -> [Int64] {
    var ids: [Int64] = []
    for row in [
      Fixture.open(0, "A1234BC", "D5678EF"), Fixture.closed(0, "D5678EF", "G9012HI"),
      Fixture.open(0, "L3456MN", "D5678EF"),
    ] { ids.append(try await module.store(row)) }
    return ids
  }

  private static func counts(_ answer: Answer) throws -> [JSONValue?] {
    let json = try answer.json
    return [json["openCount"], json["closedCount"]]
  }

  @Test("401 and 403; the form of the number is looked at after the role (84, 98)")
  func refused() async throws {
    try await ModuleFixture.run { module in
      #expect(try await module.status(Self.path, nil) == 401)
      #expect(try await module.status(Self.path, Caller.none) == 403)
      #expect(try await module.status("/prisoner/A12/non-associations", Caller.none) == 403)
      for number in ["A12", "A1234BCX"] {
        let answer = try await module.send(.get, "/prisoner/\(number)/non-associations", as: .reader)
        #expect(answer.status == 400)
        #expect(try answer.userMessage.hasSuffix("Prisoner number must be in the correct format"))
      }
    }
  }

  @Test("Everybody must be known to prisoner search, letters as they are (85, 99, 102)")
  func missing() async throws {
    try await ModuleFixture.run { module in
      _ = try await Self.rows(module)
      let small = try await module.send(.get, "/prisoner/a1234bc/non-associations", as: .reader)
      #expect(small.status == 404)
      #expect(try small.userMessage == "Missing prisoners: Could not find the following prisoners: [a1234bc]")
      module.search.setPeople([Fixture.ann, Fixture.ben, Fixture.cy])
      let third = try await module.send(.get, Self.path, as: .reader)
      #expect(third.status == 404)
      #expect(try third.userMessage.hasSuffix("[L3456MN]"))
      module.search.setPeople([])
      let nobody = try await module.send(.get, "/prisoner/A1234BC/non-associations", as: .reader)
      #expect(try nobody.userMessage.hasSuffix("[A1234BC, D5678EF]"))
    }
  }

  @Test("No rows: the prisoner's details, counts of zero, an empty list (86)")
  func none() async throws {
    try await ModuleFixture.run { module in
      let answer = try await module.send(.get, "/prisoner/A1234BC/non-associations", as: .reader)
      #expect(
        answer.body == """
          {"prisonerNumber":"A1234BC","firstName":"ANN","lastName":"ADAMS","prisonId":"MDI","prisonName":"Moorland",\
          "cellLocation":"A-1","openCount":0,"closedCount":0,"nonAssociations":[]}
          """
      )
      #expect(module.search.calls.map(\.numbers) == [["A1234BC"]])
    }
  }

  @Test("Filters and counts (87 to 91)")
  func filters() async throws {
    try await ModuleFixture.run { module in
      let ids = try await Self.rows(module)
      func list(_ query: String) async throws -> Answer {
        try await module.send(.get, Self.path + query, as: .reader)
      }
      let neither = try await list("?includeOpen=false")
      #expect(neither.status == 400)
      #expect(
        try neither.userMessage == "Validation failure: includeOpen and includeClosed cannot both be false"
      )
      let byDefault = try await list("")
      #expect(try byDefault.listedIDs == [ids[0]])
      #expect(try Self.counts(byDefault) == [.number("1"), .number("1")])
      let both = try await list("?includeClosed=yes")
      #expect(Set(try both.listedIDs) == [ids[0], ids[1]])
      let closed = try await list("?includeOpen=0&includeClosed=TRUE")
      #expect(try closed.listedIDs == [ids[1]])
      #expect(try Self.counts(closed) == [.number("1"), .number("1")])
      let others = try await list("?includeOtherPrisons=on&includeOpen=")
      #expect(Set(try others.listedIDs) == [ids[0], ids[2]])
      #expect(try Self.counts(others) == [.number("2"), .number("1")])
    }
  }

  @Test("Sorting parameters are exact names (92, 93)")
  func sorting() async throws {
    try await ModuleFixture.run { module in
      let ids = try await Self.rows(module)
      for query in ["sortBy=InvalidField", "sortBy=last_name"] {
        let answer = try await module.send(.get, "\(Self.path)?\(query)", as: .reader)
        #expect(answer.status == 400)
        #expect(
          try answer.userMessage.hasPrefix(
            "Validation failure: Parameter sortBy must be one of the following "
          )
        )
      }
      let direction = try await module.send(.get, Self.path + "?sortDirection=desc", as: .reader)
      #expect(
        try direction.userMessage
          == "Validation failure: Parameter sortDirection must be one of the following ASC, DESC"
      )
      let answer = try await module.send(
        .get,
        Self.path
          + "?includeClosed=true&includeOtherPrisons=true&sortBy=LAST_NAME&sortDirection=DESC&sortBy=x",
        as: .reader
      )
      #expect(try answer.listedIDs == [ids[1], ids[2], ids[0]])
    }
  }

  @Test("Prisoner search is asked for the prisoner, then the others in the order of the rows")
  func asked() async throws {
    try await ModuleFixture.run { module in
      _ = try await Self.rows(module)
      _ = try await module.send(.get, Self.path, as: .reader)
      #expect(module.search.calls.map(\.numbers) == [["D5678EF", "A1234BC", "G9012HI", "L3456MN"]])
    }
  }
}

extension ModuleFixture {
  /// The status of a GET.
  func status(_ target: String, _ caller: Caller?) async throws -> Int {
    try await send(.get, target, as: caller).status
  }
}
