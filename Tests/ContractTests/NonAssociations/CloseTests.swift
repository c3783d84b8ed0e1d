import Testing

@Suite("docs/contract/non-associations.md §15: Close")
struct CloseTests {
  private func close(_ gateway: RunningGateway, _ id: Int, _ body: String, user: String? = "U") async throws
    -> Answer
  {
    try await gateway.put("/non-associations/\(id)/close", body, token: gateway.writer(user: user))
  }

  @Test("39, 40: no token is 401, a wrong role or scope 403, an unreadable request 400 or 415")
  func refusals() async throws {
    try await withGateway { (gateway) async throws in
      try await gateway.checkRefusals(
        "PUT",
        "/non-associations/1/close",
        role: "WRITE_NON_ASSOCIATIONS",
        unreadable: #"{"closedBy":"TEST"}"#
      )
    }
  }

  @Test("41: closed by the user, now; the comment stays")
  func closes() async throws {
    try await withGateway { (gateway) async throws in
      let id = try await gateway.database.insertOpen("A1234BC", "D5678EF", updated: "2023-12-01T00:00:00Z")
      let answer = try await close(gateway, id, #"{"closedReason":"fine"}"#)
      #expect(answer.status == 200)
      let json = try answer.json
      #expect(json["isClosed"] == true)
      #expect(json["isOpen"] == false)
      #expect(json["closedReason"] == "fine")
      #expect(json["closedBy"] == "U")
      #expect(json["updatedBy"] == "U")
      #expect(json["closedAt"] == "2023-12-05T12:34:56.123456")
      #expect(json["whenUpdated"] == "2023-12-05T12:34:56.123456")
      #expect(json["comment"] == "kept apart")
      #expect(try await gateway.get("/non-associations/\(id)", token: gateway.reader()).text == answer.text)
    }
  }

  @Test("42: closing again is 409 with code 100 and changes nothing")
  func again() async throws {
    try await withGateway { (gateway) async throws in
      let id = try await gateway.database.insertClosed("A1234BC", "D5678EF")
      let before = try await gateway.database.row("select * from non_association")
      let body = #"{"closedReason":"again","closedBy":"X","closedAt":"2023-06-07T10:30"}"#
      let answer = try await close(gateway, id, body)
      #expect(
        answer.isError(
          409,
          code: 100,
          "Already Closed Non-Association: Non-association [ID=\(id)] already closed"
        )
      )
      #expect(try await gateway.database.row("select * from non_association") == before)
      #expect(try await gateway.database.count("non_association_history") == 0)
    }
  }

  @Test(
    "43, 44: who and when as the body says; a trailing Z converts nothing",
    arguments: [
      ("2023-06-07T10:30", "2023-06-07T10:30:00"), ("2023-06-07T09:30:00.000Z", "2023-06-07T09:30:00"),
      ("2023-06-07t10:30:00.1", "2023-06-07T10:30:00.1"),
    ]
  )
  func given(text: String, stored: String) async throws {
    try await withGateway { (gateway) async throws in
      let id = try await gateway.database.insertOpen("A1234BC", "D5678EF")
      let body = #"{"closedReason":"fine","closedBy":"ASMITH","closedAt":"\#(text)"}"#
      let answer = try await close(gateway, id, body)
      #expect(answer.status == 200)
      for name in ["closedAt", "whenUpdated"] { #expect(try answer.json[name] == .text(stored)) }
      for name in ["closedBy", "updatedBy"] { #expect(try answer.json[name] == "ASMITH") }
      #expect(try await gateway.get("/non-associations/\(id)", token: gateway.reader()).text == answer.text)
      let who = try await gateway.database.row(
        "select changed_by from non_association_history where change = 'CLOSED'"
      )
      #expect(who == "U")
    }
  }

  @Test(
    "45: a date alone, an offset and a number are 400",
    arguments: [
      #""2023-06-07""#, #""2023-06-07T10:30:00+01:00""#, "1686130200000", #""2023-02-29T10:30""#, "true",
    ]
  )
  func badTimes(value: String) async throws {
    try await withGateway { (gateway) async throws in
      let id = try await gateway.database.insertOpen("A1234BC", "D5678EF")
      let answer = try await close(gateway, id, #"{"closedReason":"fine","closedAt":\#(value)}"#)
      #expect(answer.status == 400)
      #expect(try answer.json["errorCode"] == .null)
      #expect(try await gateway.database.count("non_association where is_closed") == 0)
    }
  }

  @Test("46: an empty or null time is now", arguments: [#""""#, #""  ""#, "null"])
  func noTime(value: String) async throws {
    try await withGateway { (gateway) async throws in
      let id = try await gateway.database.insertOpen("A1234BC", "D5678EF")
      let answer = try await close(gateway, id, #"{"closedReason":"fine","closedAt":\#(value)}"#)
      #expect(try answer.json["closedAt"] == "2023-12-05T12:34:56.123456")
    }
  }

  @Test("47: an empty reason, and a name of none or 61 characters, are 400 with code 102")
  func rules() async throws {
    try await withGateway { (gateway) async throws in
      let id = try await gateway.database.insertOpen("A1234BC", "D5678EF")
      #expect(try await close(gateway, id, #"{"closedReason":""}"#).breaksRules("Comment cannot be blank"))
      let message = "Closed by must be a maximum of 60 characters"
      for name in ["", String(repeating: "X", count: 61)] {
        let answer = try await close(gateway, id, #"{"closedReason":"fine","closedBy":"\#(name)"}"#)
        #expect(answer.breaksRules(message))
      }
      let both = try await close(gateway, id, #"{"closedReason":"","closedBy":""}"#)
      #expect(both.breaksRules("Comment cannot be blank", message))
    }
  }

  @Test("48: without a user somebody must be named; the record of who did it falls back to the client")
  func noUser() async throws {
    try await withGateway { (gateway) async throws in
      let id = try await gateway.database.insertOpen("A1234BC", "D5678EF")
      let refused = try await close(gateway, id, #"{"closedReason":"fine"}"#, user: nil)
      #expect(
        refused.isError(
          401,
          code: 401,
          "User in context missing: There is no user in context for this request"
        )
      )
      let answer = try await close(gateway, id, #"{"closedReason":"fine","closedBy":"ASMITH"}"#, user: nil)
      #expect(answer.status == 200)
      #expect(try answer.json["closedBy"] == "ASMITH")
      let who = try await gateway.database.row(
        "select changed_by from non_association_history where change = 'CLOSED'"
      )
      #expect(who == "test-client")
    }
  }

  @Test("49: an unknown id is 404 with code 404")
  func unknown() async throws {
    try await withGateway { (gateway) async throws in
      let answer = try await close(gateway, 42, #"{"closedReason":"fine"}"#)
      #expect(
        answer.isError(
          404,
          code: 404,
          "Non-association not found: There is no non-association found for ID = 42"
        )
      )
    }
  }
}
