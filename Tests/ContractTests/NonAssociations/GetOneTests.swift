import Testing

@Suite("docs/contract/non-associations.md §15: Get one")
struct GetOneTests {
  @Test("64: no token is 401, a wrong role 403, an unknown id 404 with code 404")
  func refusals() async throws {
    try await withGateway { (gateway) async throws in
      #expect(try await gateway.get("/non-associations/42").status == 401)
      #expect(
        try await gateway.get("/non-associations/42", token: gateway.token(roles: ["WRONG"])).status == 403
      )
      let absent = try await gateway.get("/non-associations/42", token: gateway.reader())
      #expect(absent.status == 404)
      let expected: JSON = [
        "status": 404, "errorCode": 404, "moreInfo": nil,
        "userMessage": "Non-association not found: There is no non-association found for ID = 42",
        "developerMessage": "There is no non-association found for ID = 42",
      ]
      #expect(try absent.json == expected)
    }
  }

  @Test("65: a stored row is answered with its 20 keys and no authorisedBy")
  func stored() async throws {
    try await withGateway { (gateway) async throws in
      let id = try await gateway.database.insertOpen("A1234BC", "D5678EF")
      let answer = try await gateway.get("/non-associations/\(id)", token: gateway.reader())
      #expect(answer.status == 200)
      #expect(answer.header("Content-Type") == "application/json")
      #expect(
        answer.text
          == #"{"id":\#(id),"firstPrisonerNumber":"A1234BC","firstPrisonerRole":"VICTIM","#
          + #""firstPrisonerRoleDescription":"Victim","secondPrisonerNumber":"D5678EF","#
          + #""secondPrisonerRole":"PERPETRATOR","secondPrisonerRoleDescription":"Perpetrator","#
          + #""reason":"BULLYING","reasonDescription":"Bullying","restrictionType":"CELL","#
          + #""restrictionTypeDescription":"Cell only","comment":"kept apart","#
          + #""whenCreated":"2023-12-05T12:34:56.123456","whenUpdated":"2023-12-05T12:34:56.123456","#
          + #""updatedBy":"A_DPS_USER","isClosed":false,"closedBy":null,"closedReason":null,"closedAt":null,"#
          + #""isOpen":true}"#
      )
    }
  }

  @Test(
    "66: what is not a 64-bit id is 400; a negative one is simply not found",
    arguments: [("abc", 400), ("99999999999999999999", 400), ("-1", 404), ("between", 400)]
  )
  func oddIds(id: String, status: Int) async throws {
    try await withGateway { (gateway) async throws in
      let answer = try await gateway.get("/non-associations/\(id)", token: gateway.reader())
      #expect(answer.status == status)
      if status == 400 {
        #expect(try answer.json["userMessage"] == "Validation failure: Parameter id must be of type long")
        #expect(try answer.json["errorCode"] == .null)
      }
    }
  }

  @Test("67: writing does not grant reading")
  func writerCannotRead() async throws {
    try await withGateway { (gateway) async throws in
      #expect(try await gateway.get("/non-associations/1", token: gateway.writer()).status == 403)
    }
  }

  @Test("a write's answer and a later read agree to the digit")
  func readBack() async throws {
    try await withGateway { (gateway) async throws in
      let created = try await gateway.post("/non-associations", CreateTests.body, token: gateway.writer())
      let id = try #require(try created.json["id"]?.number)
      let read = try await gateway.get("/non-associations/\(id)", token: gateway.reader())
      #expect(read.text == created.text)
    }
  }
}
