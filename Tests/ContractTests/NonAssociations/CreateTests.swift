import Testing

@Suite("docs/contract/non-associations.md §15: Create")
struct CreateTests {
  static let body = #"""
    {"firstPrisonerNumber":"A1234BC","firstPrisonerRole":"VICTIM","secondPrisonerNumber":"D5678EF",\#
    "secondPrisonerRole":"PERPETRATOR","reason":"VIOLENCE","restrictionType":"CELL","comment":"fighting"}
    """#

  static func body(first: String = "A1234BC", second: String = "D5678EF", comment: String = "fighting")
    -> String
  {
    body.replacing("A1234BC", with: first).replacing("D5678EF", with: second).replacing(
      "fighting",
      with: comment
    )
  }

  @Test("3: no token is 401 before anything is read")
  func noToken() async throws {
    try await withGateway { (gateway) async throws in
      let answer = try await gateway.send("POST", "/non-associations")
      #expect(answer.status == 401)
      #expect(answer.body.isEmpty)
    }
  }

  @Test(
    "4, 5: a wrong role, or the right one without the write scope, is 403",
    arguments: [
      (["NON_ASSOCIATIONS"], []), (["NON_ASSOCIATIONS"], ["read"]), (["WRITE_NON_ASSOCIATIONS"], []),
      (["READ_NON_ASSOCIATIONS"], ["write"]),
    ]
  )
  func wrongRights(roles: [String], scopes: [String]) async throws {
    try await withGateway { (gateway) async throws in
      let token = try gateway.token(roles: roles, scopes: scopes, user: "U")
      let answer = try await gateway.post("/non-associations", Self.body, token: token)
      #expect(answer.status == 403)
      let expected: JSON = [
        "status": 403, "userMessage": "Forbidden: Access Denied", "developerMessage": "Access Denied",
        "errorCode": nil, "moreInfo": nil,
      ]
      #expect(try answer.json == expected)
    }
  }

  @Test("6: a missing body is 400")
  func missingBody() async throws {
    try await withGateway { (gateway) async throws in
      let answer = try await gateway.post("/non-associations", "", token: gateway.writer())
      #expect(answer.status == 400)
      #expect(try answer.json["errorCode"] == .null)
      #expect(
        try answer.json["userMessage"]?.text?.hasPrefix(
          "Validation failure: Couldn't read request body: Required request body is missing"
        ) == true
      )
    }
  }

  @Test("7: another media type is 415 and named")
  func wrongMediaType() async throws {
    try await withGateway { (gateway) async throws in
      let answer = try await gateway.send(
        "POST",
        "/non-associations",
        token: gateway.writer(),
        headers: [("Content-Type", "text/plain")],
        body: "{}"
      )
      #expect(answer.status == 415)
      #expect(
        try answer.json["userMessage"]
          == "Validation failure: Request format not supported: Content-Type 'text/plain' is not supported"
      )
      #expect(try answer.json["errorCode"] == .null)
    }
  }

  @Test(
    "8, 9: what cannot be read as the request is 400 without a code",
    arguments: [
      #"{"firstPrisonerNumber":"A1234BC"}"#, body.replacing("VIOLENCE", with: "NOPE"),
      body.replacing("VIOLENCE", with: "threat"), body.replacing(#""fighting""#, with: "null"), "{",
      body + "x",
    ]
  )
  func unreadableBody(body: String) async throws {
    try await withGateway { (gateway) async throws in
      let answer = try await gateway.post("/non-associations", body, token: gateway.writer())
      #expect(answer.status == 400)
      #expect(try answer.json["errorCode"] == .null)
      #expect(
        try answer.json["userMessage"]?.text?.hasPrefix(
          "Validation failure: Couldn't read request body: JSON parse error: "
        ) == true
      )
    }
  }

  @Test(
    "10: each broken rule's message is in the answer, with code 102",
    arguments: [
      ("A12", "fighting", ["Prisoner number must be in the correct format"]),
      ("A1234BC", "", ["A comment is required"]),
      ("A12", "", ["Prisoner number must be in the correct format", "A comment is required"]),
    ]
  )
  func brokenRules(first: String, comment: String, messages: [String]) async throws {
    try await withGateway { (gateway) async throws in
      let answer = try await gateway.post(
        "/non-associations",
        Self.body(first: first, comment: comment),
        token: gateway.writer()
      )
      #expect(answer.status == 400)
      #expect(try answer.json["errorCode"] == 102)
      let text = try #require(try answer.json["userMessage"]?.text)
      #expect(text.hasPrefix("Validation Failure: "))
      for message in messages { #expect(text.contains(message)) }
    }
  }

  @Test("11: a comment of one blank and an unknown property are accepted")
  func lenient() async throws {
    try await withGateway { (gateway) async throws in
      let blank = try await gateway.post(
        "/non-associations",
        Self.body(comment: " "),
        token: gateway.writer()
      )
      #expect(blank.status == 201)
      let unknown = Self.body(first: "G9012HI").replacing("{\"first", with: "{\"other\":[1,{}],\"first")
      #expect(try await gateway.post("/non-associations", unknown, token: gateway.writer()).status == 201)
    }
  }

  @Test("12: a prisoner that search does not know is 404, and nothing is stored")
  func missingPrisoner() async throws {
    try await withGateway { (gateway) async throws in
      let answer = try await gateway.post(
        "/non-associations",
        Self.body(second: "X1111TT"),
        token: gateway.writer()
      )
      #expect(answer.status == 404)
      #expect(try answer.json["errorCode"] == .null)
      #expect(
        try answer.json["userMessage"]
          == "Missing prisoners: Could not find the following prisoners: [X1111TT]"
      )
      #expect(try await gateway.database.count("non_association") == 0)
    }
  }

  @Test("13: a valid request is 201 with every field, stored with its user")
  func valid() async throws {
    try await withGateway { (gateway) async throws in
      let answer = try await gateway.post("/non-associations", Self.body, token: gateway.writer(user: "U"))
      #expect(answer.status == 201)
      let id = try #require(try answer.json["id"]?.number)
      #expect(id > 0)
      #expect(
        answer.text
          == #"{"id":\#(id),"firstPrisonerNumber":"A1234BC","firstPrisonerRole":"VICTIM","#
          + #""firstPrisonerRoleDescription":"Victim","secondPrisonerNumber":"D5678EF","#
          + #""secondPrisonerRole":"PERPETRATOR","secondPrisonerRoleDescription":"Perpetrator","#
          + #""reason":"VIOLENCE","reasonDescription":"Violence","restrictionType":"CELL","#
          + #""restrictionTypeDescription":"Cell only","comment":"fighting","#
          + #""whenCreated":"2023-12-05T12:34:56.123456","whenUpdated":"2023-12-05T12:34:56.123456","#
          + #""updatedBy":"U","isClosed":false,"closedBy":null,"closedReason":null,"closedAt":null,"isOpen":true}"#
      )
      let row = try await gateway.database.row(
        "select authorised_by || '/' || updated_by || '/' || is_closed from non_association where id = \(id)"
      )
      #expect(row == "U/U/false")
    }
  }

  @Test("15: an open pair in the other direction is 409 with code 101, before search is asked")
  func openPair() async throws {
    try await withGateway { (gateway) async throws in
      try await gateway.database.insertOpen("D5678EF", "A1234BC")
      let answer = try await gateway.post("/non-associations", Self.body, token: gateway.writer())
      #expect(answer.status == 409)
      let expected: JSON = [
        "status": 409, "errorCode": 101, "moreInfo": nil,
        "userMessage":
          "Non-association already exists for these prisoners that is open: Prisoners [A1234BC, D5678EF] already have open non-associations",
        "developerMessage": "Prisoners [A1234BC, D5678EF] already have open non-associations",
      ]
      #expect(try answer.json == expected)
      #expect(gateway.search.requestCount == 0)
    }
  }

  @Test("16: a prisoner without a location is 409 with code 103")
  func nullLocation() async throws {
    try await withGateway { (gateway) async throws in
      let answer = try await gateway.post(
        "/non-associations",
        Self.body(second: "D1234DD"),
        token: gateway.writer()
      )
      #expect(answer.status == 409)
      #expect(try answer.json["errorCode"] == 103)
      #expect(
        try answer.json["userMessage"]
          == "Non-association cannot be created when prisoner locations are null: Prisoners [D1234DD] have null locations"
      )
    }
  }

  @Test("17: being transferred and being outside are locations", arguments: ["C1234CC", "B1234BB"])
  func outside(second: String) async throws {
    try await withGateway { (gateway) async throws in
      let answer = try await gateway.post(
        "/non-associations",
        Self.body(second: second),
        token: gateway.writer()
      )
      #expect(answer.status == 201)
    }
  }

  @Test("18: a closed record of the pair does not matter")
  func closedPair() async throws {
    try await withGateway { (gateway) async throws in
      try await gateway.database.insertClosed("A1234BC", "D5678EF")
      #expect(try await gateway.post("/non-associations", Self.body, token: gateway.writer()).status == 201)
    }
  }

  @Test("19: a token without a user is 401 with code 401, and nothing is stored")
  func noUser() async throws {
    try await withGateway { (gateway) async throws in
      let answer = try await gateway.post("/non-associations", Self.body, token: gateway.writer(user: nil))
      #expect(answer.status == 401)
      let expected: JSON = [
        "status": 401, "errorCode": 401, "moreInfo": nil,
        "userMessage": "User in context missing: There is no user in context for this request",
        "developerMessage": "There is no user in context for this request",
      ]
      #expect(try answer.json == expected)
      #expect(try await gateway.database.count("non_association") == 0)
    }
  }

  @Test("20: an open pair is 409 even when search is down")
  func openPairSearchDown() async throws {
    try await withGateway { (gateway) async throws in
      try await gateway.database.insertOpen("A1234BC", "D5678EF")
      gateway.search.answer(status: 503)
      let answer = try await gateway.post("/non-associations", Self.body, token: gateway.writer())
      #expect(answer.status == 409)
      #expect(try answer.json["errorCode"] == 101)
    }
  }

  @Test("21: one prisoner twice is 400 with code 102")
  func samePrisoner() async throws {
    try await withGateway { (gateway) async throws in
      let answer = try await gateway.post(
        "/non-associations",
        Self.body(second: "A1234BC"),
        token: gateway.writer()
      )
      #expect(answer.status == 400)
      #expect(try answer.json["errorCode"] == 102)
      #expect(gateway.search.requestCount == 0)
    }
  }

  @Test(
    "22: what search answers decides: its 500 is ours, its 404 is a 404",
    arguments: [
      (500, 500, "Unexpected error: 500 Internal Server Error from POST"),
      (404, 404, "Not Found: 404 Not Found from POST"),
    ]
  )
  func searchFails(status: Int, expected: Int, prefix: String) async throws {
    try await withGateway { (gateway) async throws in
      gateway.search.answer(status: status)
      let answer = try await gateway.post("/non-associations", Self.body, token: gateway.writer())
      #expect(answer.status == expected)
      #expect(try answer.json["userMessage"]?.text?.hasPrefix(prefix) == true)
      #expect(try await gateway.database.count("non_association") == 0)
    }
  }

  @Test(
    "23: of many at the same moment, in either order, exactly one is 201 and the others are 409 with code 101"
  )
  func race() async throws {
    try await withGateway { (gateway) async throws in
      let token = try gateway.writer()
      let answers = try await withThrowingTaskGroup(of: Answer.self) { tasks in
        for index in 0..<16 {
          let body =
            index.isMultiple(of: 2)
            ? Self.body
            : Self.body.replacing("A1234BC", with: "?").replacing("D5678EF", with: "A1234BC").replacing(
              "?",
              with: "D5678EF"
            )
          tasks.addTask { try await gateway.post("/non-associations", body, token: token) }
        }
        return try await tasks.reduce(into: []) { $0.append($1) }
      }
      #expect(answers.count { $0.status == 201 } == 1)
      let refused = answers.filter { $0.status != 201 }
      for answer in refused {
        #expect(answer.status == 409)
        #expect(try answer.json["errorCode"] == 101)
      }
      #expect(try await gateway.database.count("non_association where not is_closed") == 1)
    }
  }
}
