import Testing

@Suite("docs/contract/non-associations.md §15: Delete")
struct DeleteTests {
  static let body = #"{"deletionReason":"wrong person","staffUserNameRequestingDeletion":"ASMITH"}"#

  private func delete(
    _ gateway: RunningGateway,
    _ id: Int,
    _ body: String = body,
    user: String? = "U"
  ) async throws -> Answer {
    try await gateway.post("/non-associations/\(id)/delete", body, token: gateway.deleter(user: user))
  }

  @Test("58, 59: no token is 401, a wrong role or scope 403, an unreadable request 400 or 415")
  func refusals() async throws {
    try await withGateway { (gateway) async throws in
      try await gateway.checkRefusals(
        "POST",
        "/non-associations/1/delete",
        role: "DELETE_NON_ASSOCIATIONS",
        unreadable: #"{"staffUserNameRequestingDeletion":"TEST"}"#
      )
    }
  }

  @Test("60: 204 without a body, and the row is gone")
  func deletes() async throws {
    try await withGateway { (gateway) async throws in
      let id = try await gateway.database.insertOpen("A1234BC", "D5678EF")
      let answer = try await delete(gateway, id)
      #expect(answer.status == 204)
      #expect(answer.body.isEmpty)
      #expect(try await gateway.database.count("non_association") == 0)
    }
  }

  @Test("62: a closed one too; an unknown id is 404; no user is needed, and the client is recorded")
  func others() async throws {
    try await withGateway { (gateway) async throws in
      let closed = try await gateway.database.insertClosed("A1234BC", "D5678EF")
      #expect(try await delete(gateway, closed).status == 204)
      let unknown = try await delete(gateway, closed)
      #expect(
        unknown.isError(
          404,
          code: 404,
          "Non-association not found: There is no non-association found for ID = \(closed)"
        )
      )
      let open = try await gateway.database.insertOpen("A1234BC", "D5678EF")
      #expect(try await delete(gateway, open, user: nil).status == 204)
      let who = try await gateway.database.row(
        "select changed_by from non_association_history where change = 'DELETED' and non_association_id = \(open)"
      )
      #expect(who == "test-client")
    }
  }

  @Test("63: either text empty, or a name of 61 characters, is 400 with code 102")
  func rules() async throws {
    try await withGateway { (gateway) async throws in
      let id = try await gateway.database.insertOpen("A1234BC", "D5678EF")
      let reason = try await delete(gateway, id, Self.body.replacing("wrong person", with: ""))
      #expect(reason.breaksRules("Comment cannot be blank"))
      for name in ["", String(repeating: "X", count: 61)] {
        let answer = try await delete(gateway, id, Self.body.replacing("ASMITH", with: name))
        #expect(answer.breaksRules("Deleted by must be a maximum of 60 characters"))
      }
      #expect(try await gateway.database.count("non_association") == 1)
    }
  }
}
