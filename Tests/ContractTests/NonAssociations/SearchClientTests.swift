import Testing

@Suite("docs/contract/non-associations.md §15: Search client")
struct SearchClientTests {
  @Test("134: the request on the wire, and one token for many callers")
  func onTheWire() async throws {
    try await withGateway { (gateway) async throws in
      let token = try gateway.reader()
      try await withThrowingTaskGroup(of: Int.self) { tasks in
        for _ in 0..<20 {
          tasks.addTask { try await gateway.get("/prisoner/A1234BC/non-associations", token: token).status }
        }
        for try await status in tasks { #expect(status == 200) }
      }
      #expect(gateway.search.requestCount == 20)
      #expect(gateway.auth.tokenRequests == ["grant_type=client_credentials"])
      let request = try #require(gateway.search.lastRequest)
      #expect(request.path == "/prisoner-search/prisoner-numbers")
      #expect(
        request.query.replacing("%2C", with: ",")
          == "responseFields=prisonerNumber,firstName,lastName,prisonId,prisonName,cellLocation"
      )
      #expect(request.contentType == "application/json")
      #expect(request.authorization?.hasPrefix("Bearer ") == true)
      #expect(request.body == #"{"prisonerNumbers":["A1234BC"]}"#)
    }
  }

  @Test("132: 2,000 numbers are asked in chunks of 900, 900 and 200")
  func chunks() async throws {
    try await withGateway { (gateway) async throws in
      let others = (0..<1_999).map { "K\(1000 + $0)KK" }
      gateway.search.setPrisoners(
        gateway.search.contractPrisoners + others.map { SearchPrisoner($0, "A", "B", "MDI", "M", nil) }
      )
      try await gateway.database.run(
        """
        insert into non_association (first_prisoner_number, first_prisoner_role, second_prisoner_number,
          second_prisoner_role, reason, restriction_type, comment, authorised_by, updated_by)
        select 'A1234BC', 'VICTIM', 'K' || (1000 + n) || 'KK', 'UNKNOWN', 'OTHER', 'CELL', 'x', 'U', 'U'
        from generate_series(0, 1998) n
        """
      )
      let answer = try await gateway.get("/prisoner/A1234BC/non-associations", token: gateway.reader())
      #expect(answer.status == 200)
      #expect(try answer.json["openCount"] == 1_999)
      #expect(gateway.search.askedCounts.sorted() == [200, 900, 900])
    }
  }
}

extension SearchClientTests {
  @Test("132: seven numbers are one call; 133: one that is not in the answer is named")
  func fewNumbers() async throws {
    try await withGateway { (gateway) async throws in
      let others = ["D5678EF", "G9012HI", "L3456MN", "C1234CC", "B1234BB", "D1234DD"]
      for other in others { try await gateway.database.insertOpen("A1234BC", other) }
      let path = "/prisoner/A1234BC/non-associations"
      #expect(try await gateway.get(path, token: gateway.reader()).status == 200)
      #expect(gateway.search.askedCounts == [7])
      gateway.search.setPrisoners(gateway.search.contractPrisoners.filter { $0.number != "C1234CC" })
      let missing = try await gateway.get(path, token: gateway.reader())
      #expect(
        missing.isError(404, "Missing prisoners: Could not find the following prisoners: [C1234CC]")
      )
    }
  }
}
