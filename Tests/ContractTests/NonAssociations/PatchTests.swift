import Testing

@Suite("docs/contract/non-associations.md §15: Patch")
struct PatchTests {
  @Test("24, 25, 26: no token is 401, a wrong role or scope 403, an unreadable request 400 or 415")
  func refusals() async throws {
    try await withGateway { (gateway) async throws in
      try await gateway.checkRefusals(
        "PATCH",
        "/non-associations/1",
        role: "WRITE_NON_ASSOCIATIONS",
        unreadable: #"{"firstPrisonerRole":"missing"}"#
      )
    }
  }

  @Test("27: one field changes, with the user and the time; everything else stays")
  func oneField() async throws {
    try await withGateway(at: "2023-12-06T08:00:00.5Z") { (gateway) async throws in
      let id = try await gateway.database.insertOpen("A1234BC", "D5678EF")
      let before = try await gateway.get("/non-associations/\(id)", token: gateway.reader())
      let answer = try await gateway.patch(
        "/non-associations/\(id)",
        #"{"comment":"new"}"#,
        token: gateway.writer(user: "U")
      )
      #expect(answer.status == 200)
      #expect(
        answer.text
          == before.text.replacing("kept apart", with: "new").replacing("A_DPS_USER", with: "U").replacing(
            #""whenUpdated":"2023-12-05T12:34:56.123456""#,
            with: #""whenUpdated":"2023-12-06T08:00:00.000005""#
          )
      )
      let after = try await gateway.get("/non-associations/\(id)", token: gateway.reader())
      #expect(after.text == answer.text)
      let authorised = try await gateway.database.row("select authorised_by from non_association")
      #expect(authorised == "Mr Bobby")
    }
  }

  @Test("28: an empty patch changes who and when")
  func empty() async throws {
    try await withGateway(at: "2023-12-06T08:00:00Z") { (gateway) async throws in
      let id = try await gateway.database.insertOpen("A1234BC", "D5678EF")
      let answer = try await gateway.patch("/non-associations/\(id)", "{}", token: gateway.writer(user: "U"))
      #expect(answer.status == 200)
      #expect(try answer.json["updatedBy"] == "U")
      #expect(try answer.json["whenUpdated"] == "2023-12-06T08:00:00")
      #expect(try answer.json["comment"] == "kept apart")
    }
  }

  @Test("29: all five fields change; null leaves each as it is")
  func allFields() async throws {
    try await withGateway { (gateway) async throws in
      let id = try await gateway.database.insertOpen("A1234BC", "D5678EF")
      let body = #"""
        {"firstPrisonerRole":"UNKNOWN","secondPrisonerRole":"NOT_RELEVANT","reason":"THREAT","restrictionType":"WING",\#
        "comment":"new"}
        """#
      let changed = try await gateway.patch("/non-associations/\(id)", body, token: gateway.writer())
      #expect(changed.status == 200)
      let names = ["firstPrisonerRole", "secondPrisonerRole", "reason", "restrictionType", "comment"]
      for (name, value) in zip(names, ["UNKNOWN", "NOT_RELEVANT", "THREAT", "WING", "new"]) {
        #expect(try changed.json[name] == .text(value))
      }
      let nulls = "{" + names.map { "\"\($0)\":null" }.joined(separator: ",") + "}"
      let unchanged = try await gateway.patch("/non-associations/\(id)", nulls, token: gateway.writer())
      #expect(unchanged.text == changed.text)
    }
  }

  @Test("30: an empty comment is 400 with code 102")
  func emptyComment() async throws {
    try await withGateway { (gateway) async throws in
      let id = try await gateway.database.insertOpen("A1234BC", "D5678EF")
      let answer = try await gateway.patch(
        "/non-associations/\(id)",
        #"{"comment":""}"#,
        token: gateway.writer()
      )
      #expect(answer.breaksRules("Comment cannot be blank"))
    }
  }

  @Test("31: a closed one can be patched and stays closed")
  func closed() async throws {
    try await withGateway { (gateway) async throws in
      let id = try await gateway.database.insertClosed("A1234BC", "D5678EF")
      let answer = try await gateway.patch(
        "/non-associations/\(id)",
        #"{"reason":"THREAT"}"#,
        token: gateway.writer()
      )
      #expect(answer.status == 200)
      #expect(try answer.json["reason"] == "THREAT")
      #expect(try answer.json["isClosed"] == true)
      #expect(try answer.json["closedBy"] == "CLOSE_USER")
      #expect(try answer.json["closedReason"] == "settled")
      #expect(try answer.json["closedAt"] == "2023-12-05T12:34:56.123456")
    }
  }

  @Test("32: an unknown id is 404 with code 404; without a user it is 401 with code 401 first")
  func unknown() async throws {
    try await withGateway { (gateway) async throws in
      let unknown = try await gateway.patch("/non-associations/42", "{}", token: gateway.writer())
      #expect(
        unknown.isError(
          404,
          code: 404,
          "Non-association not found: There is no non-association found for ID = 42"
        )
      )
      let nobody = try await gateway.patch("/non-associations/42", "{}", token: gateway.writer(user: nil))
      #expect(
        nobody.isError(
          401,
          code: 401,
          "User in context missing: There is no user in context for this request"
        )
      )
    }
  }

  @Test("33: an id that is no number is 400")
  func badID() async throws {
    try await withGateway { (gateway) async throws in
      let answer = try await gateway.patch("/non-associations/abc", "{}", token: gateway.writer())
      #expect(answer.isError(400, "Validation failure: Parameter id must be of type long"))
    }
  }
}
