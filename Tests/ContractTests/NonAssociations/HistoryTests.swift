import Testing

@Suite("The history of a non-association")
struct HistoryTests {
  private func history(_ gateway: RunningGateway, _ id: Int) async throws -> [JSON] {
    let answer = try await gateway.get("/non-associations/\(id)/history", token: gateway.reader())
    #expect(answer.status == 200)
    #expect(try answer.json["id"] == .number(id))
    return try answer.json["history"]?.items ?? []
  }

  @Test("no token is 401, a wrong role 403, an unknown id 404, a number that is none 400")
  func refusals() async throws {
    try await withGateway { (gateway) async throws in
      #expect(try await gateway.get("/non-associations/42/history").status == 401)
      #expect(try await gateway.get("/non-associations/42/history", token: gateway.writer()).status == 403)
      let unknown = try await gateway.get("/non-associations/42/history", token: gateway.reader())
      #expect(
        unknown.isError(
          404,
          code: 404,
          "Non-association not found: There is no non-association found for ID = 42"
        )
      )
      #expect(try await gateway.get("/non-associations/x/history", token: gateway.reader()).status == 400)
    }
  }

  @Test("every change is kept as the row became, also of a deleted one")
  func whole() async throws {
    try await withGateway { (gateway) async throws in
      let writer = try gateway.writer(user: "U")
      let created = try await gateway.post("/non-associations", CreateTests.body, token: writer)
      let id = try #require(try created.json["id"]?.number)
      let path = "/non-associations/\(id)"
      let patched = try await gateway.patch(path, #"{"comment":"two"}"#, token: writer)
      let closed = try await gateway.put(path + "/close", #"{"closedReason":"fine"}"#, token: writer)
      let reopened = try await gateway.put(
        path + "/reopen",
        #"{"reopenReason":"bad"}"#,
        token: gateway.reopener(user: "V")
      )
      let gone = try await gateway.post(path + "/delete", DeleteTests.body, token: gateway.deleter(user: nil))
      #expect(gone.status == 204)
      let entries = try await history(gateway, id)
      #expect(
        entries.compactMap { $0["change"]?.text } == ["CREATED", "UPDATED", "CLOSED", "REOPENED", "DELETED"]
      )
      #expect(entries.compactMap { $0["changedBy"]?.text } == ["U", "U", "U", "V", "test-client"])
      let rows = try [created, patched, closed, reopened, reopened].map { try $0.json }
      #expect(entries.compactMap { $0["nonAssociation"] } == rows)
      #expect(entries.allSatisfy { $0["changedAt"] == "2023-12-05T12:34:56.123456" })
      #expect(entries.last?["changeReason"] == "wrong person")
      #expect(entries.last?["requestedBy"] == "ASMITH")
      #expect(entries.first?["changeReason"] == .null)
    }
  }

  @Test("a row older than the history keeps how it stood before its first change, once")
  func older() async throws {
    try await withGateway { (gateway) async throws in
      let id = try await gateway.database.insertOpen("A1234BC", "D5678EF")
      let before = try await gateway.get("/non-associations/\(id)", token: gateway.reader()).json
      #expect(try await history(gateway, id).isEmpty)
      for comment in ["two", "three"] {
        let body = #"{"comment":"\#(comment)"}"#
        #expect(
          try await gateway.patch("/non-associations/\(id)", body, token: gateway.writer()).status == 200
        )
      }
      let entries = try await history(gateway, id)
      #expect(entries.compactMap { $0["change"]?.text } == ["EXISTING", "UPDATED", "UPDATED"])
      #expect(entries.first?["nonAssociation"] == before)
      #expect(entries.first?["changedBy"] == "A_DPS_USER")
      #expect(
        entries.compactMap { $0["nonAssociation"]?["comment"]?.text } == ["kept apart", "two", "three"]
      )
    }
  }

  @Test("a refused change leaves nothing")
  func refused() async throws {
    try await withGateway { (gateway) async throws in
      let id = try await gateway.database.insertClosed("A1234BC", "D5678EF")
      let path = "/non-associations/\(id)/close"
      #expect(try await gateway.put(path, #"{"closedReason":"x"}"#, token: gateway.writer()).status == 409)
      #expect(try await history(gateway, id).isEmpty)
    }
  }
}
