import Testing

/// The calls that the node client of the front ends makes, as docs/contract/upstreams.md §6 lists them: every query
/// parameter written out, commas percent-encoded, times as JavaScript's `Date` prints them, its headers and no others.
@Suite("docs/contract/upstreams.md §6: The node client's calls")
struct NodeClientTests {
  private func call(
    _ gateway: RunningGateway,
    _ method: String,
    _ target: String,
    roles: [String] = ["READ_NON_ASSOCIATIONS"],
    body: String? = nil
  ) async throws -> Answer {
    var headers = [("Accept-Encoding", "gzip, deflate")]
    if body != nil { headers.append(("Content-Type", "application/json")) }
    return try await gateway.send(
      method,
      target,
      token: gateway.token(roles: roles, user: "NON_ASSOCIATIONS_API"),
      headers: headers,
      body: body
    )
  }

  private func write(
    _ gateway: RunningGateway,
    _ method: String,
    _ target: String,
    role: String = "WRITE_NON_ASSOCIATIONS",
    _ body: String
  ) async throws -> Answer {
    try await call(gateway, method, target, roles: [role], body: body)
  }

  @Test("a record's life: created, read, amended, closed, reopened, deleted")
  func life() async throws {
    try await withGateway { (gateway) async throws in
      let created = try await write(
        gateway,
        "POST",
        "/non-associations",
        """
        {"firstPrisonerNumber":"A1234BC","firstPrisonerRole":"VICTIM","secondPrisonerNumber":"D5678EF",\
        "secondPrisonerRole":"PERPETRATOR","reason":"VIOLENCE","restrictionType":"CELL","comment":"fighting"}
        """
      )
      #expect(created.status == 201)
      guard case .number(let id)? = try created.json["id"] else { throw SocketFailure(description: "no id") }
      let one = "/non-associations/\(id)"
      #expect(try await call(gateway, "GET", one).text == created.text)

      let amended = try await write(gateway, "PATCH", one, #"{"comment":"still fighting"}"#)
      #expect(try amended.json["comment"] == "still fighting")

      let closed = try await write(
        gateway,
        "PUT",
        one + "/close",
        #"{"closedReason":"settled","closedAt":"2023-06-07T10:30:00.000Z","closedBy":"USER1"}"#
      )
      #expect(closed.status == 200)
      // The Z is dropped (docs/contract/non-associations.md §4.2).
      #expect(try closed.json["closedAt"] == "2023-06-07T10:30:00")

      let reopened = try await write(
        gateway,
        "PUT",
        one + "/reopen",
        role: "REOPEN_NON_ASSOCIATIONS",
        #"{"reopenReason":"again","reopenedAt":"2023-12-01T09:00:00.000Z","reopenedBy":"USER1"}"#
      )
      #expect(try reopened.json["isOpen"] == true)

      let deleted = try await write(
        gateway,
        "POST",
        one + "/delete",
        role: "DELETE_NON_ASSOCIATIONS",
        #"{"deletionReason":"a mistake","staffUserNameRequestingDeletion":"USER1"}"#
      )
      #expect(deleted.status == 204)
      #expect(deleted.body.isEmpty)
      let gone = try await call(gateway, "GET", one)
      #expect(gone.status == 404)
      // What the client takes for an error of the API.
      #expect(try gone.json["status"] == 404)
      #expect(try gone.json["userMessage"]?.text != nil)
      #expect(try gone.json["developerMessage"]?.text != nil)
    }
  }

  @Test("the lists, with every parameter written out")
  func lists() async throws {
    try await withGateway { (gateway) async throws in
      let id = try await gateway.database.insertOpen("A1234BC", "D5678EF")
      let list = try await call(
        gateway,
        "GET",
        "/prisoner/A1234BC/non-associations?includeOpen=true&includeClosed=false&includeOtherPrisons=true"
          + "&sortBy=WHEN_CREATED&sortDirection=DESC"
      )
      #expect(try list.json["nonAssociations"]?[0]?["id"] == .number(id))
      for kind in ["between", "involving"] {
        let answer = try await write(
          gateway,
          "POST",
          "/non-associations/\(kind)?includeOpen=true&includeClosed=true",
          role: "READ_NON_ASSOCIATIONS",
          #"["A1234BC","D5678EF"]"#
        )
        #expect(answer.status == 200)
        #expect(try answer.json[0]?["id"] == .number(id))
      }
      let page = try await call(
        gateway,
        "GET",
        "/non-associations?includeOpen=true&includeClosed=false&page=0&size=20&sort=whenCreated%2CDESC"
      )
      #expect(try page.json["content"]?[0]?["id"] == .number(id))
      #expect(try page.json["number"] == 0)
      #expect(try page.json["totalPages"] == 1)
      #expect(try page.json["totalElements"] == 1)
      let bare = try await call(gateway, "GET", "/non-associations?includeOpen=true&includeClosed=false")
      #expect(try bare.json["totalElements"] == 1)
    }
  }

  @Test("the constants, and the ping of its health check")
  func constants() async throws {
    try await withGateway { (gateway) async throws in
      let constants = try await gateway.send(
        "GET",
        "/constants",
        token: gateway.token(roles: []),
        headers: [("Accept-Encoding", "identity")]
      )
      #expect(constants.status == 200)
      #expect(try constants.json["reasons"]?[0]?["code"] != nil)
      #expect(try await gateway.send("GET", "/health/ping").status == 200)
    }
  }
}
