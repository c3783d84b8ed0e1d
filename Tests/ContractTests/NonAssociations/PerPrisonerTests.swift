import Testing

@Suite("docs/contract/non-associations.md §15: Per prisoner")
struct PerPrisonerTests {
  static let all = "includeOpen=true&includeClosed=true&includeOtherPrisons=true"

  /// F(J,M), Fc(M,S), F(E,M): what rows 88 to 93 list for M.
  private func withThreeRows(_ body: (RunningGateway) async throws -> Void) async throws {
    try await withGateway { (gateway) async throws in
      try await gateway.database.insertOpen("A1234BC", "D5678EF")
      try await gateway.database.insertClosed("D5678EF", "G9012HI")
      try await gateway.database.insertOpen("L3456MN", "D5678EF")
      try await body(gateway)
    }
  }

  private func list(_ gateway: RunningGateway, _ prisoner: String = "D5678EF", _ query: String = "")
    async throws -> Answer
  {
    let suffix = query.isEmpty ? "" : "?\(query)"
    return try await gateway.get("/prisoner/\(prisoner)/non-associations\(suffix)", token: gateway.reader())
  }

  private func others(_ answer: Answer, _ key: String = "lastName") throws -> [String?] {
    try answer.json["nonAssociations"]?.items.map { $0["otherPrisonerDetails"]?[key]?.text } ?? []
  }

  @Test("84: no token is 401, a wrong role 403")
  func refusals() async throws {
    try await withGateway { (gateway) async throws in
      #expect(try await gateway.get("/prisoner/A1234BC/non-associations").status == 401)
      let wrong = try gateway.token(roles: ["WRONG_ROLE"])
      #expect(try await gateway.get("/prisoner/A1234BC/non-associations", token: wrong).status == 403)
    }
  }

  @Test("85: prisoners that search does not know are named in a 404")
  func nobodyKnown() async throws {
    try await withGateway { (gateway) async throws in
      try await gateway.database.insertOpen("A1234BC", "D5678EF")
      gateway.search.setPrisoners([])
      let answer = try await list(gateway, "A1234BC")
      #expect(answer.status == 404)
      #expect(
        try answer.json["userMessage"]
          == "Missing prisoners: Could not find the following prisoners: [A1234BC, D5678EF]"
      )
    }
  }

  @Test("86: a prisoner without rows gets an empty list")
  func noRows() async throws {
    try await withGateway { (gateway) async throws in
      let answer = try await list(gateway, "A1234BC")
      #expect(answer.status == 200)
      #expect(
        answer.text
          == #"{"prisonerNumber":"A1234BC","firstName":"ANN","lastName":"ADAMS","prisonId":"MDI","#
          + #""prisonName":"Moorland","cellLocation":"A-1","openCount":0,"closedCount":0,"nonAssociations":[]}"#
      )
    }
  }

  @Test("87: neither open nor closed is 400")
  func neither() async throws {
    try await withGateway { (gateway) async throws in
      let answer = try await list(gateway, "A1234BC", "includeOpen=false&includeClosed=false")
      #expect(answer.status == 400)
      #expect(
        try answer.json["userMessage"]
          == "Validation failure: includeOpen and includeClosed cannot both be false"
      )
    }
  }

  @Test("88: by default, open rows within the prison; counts cover both kinds")
  func defaults() async throws {
    try await withThreeRows { (gateway) async throws in
      let answer = try await list(gateway)
      #expect(answer.status == 200)
      let json = try answer.json
      #expect(try others(answer) == ["ADAMS"])
      #expect(json["openCount"] == 1)
      #expect(json["closedCount"] == 1)
      let item = try #require(json["nonAssociations"]?[0])
      #expect(item["role"] == "PERPETRATOR")
      #expect(item["otherPrisonerDetails"]?["role"] == "VICTIM")
      #expect(item["authorisedBy"] == "Mr Bobby")
      #expect(
        item.keys == [
          "id", "role", "roleDescription", "reason", "reasonDescription", "restrictionType",
          "restrictionTypeDescription", "comment", "authorisedBy", "whenCreated", "whenUpdated", "updatedBy",
          "isClosed",
          "closedBy", "closedReason", "closedAt", "otherPrisonerDetails", "isOpen",
        ]
      )
      #expect(
        item["otherPrisonerDetails"]?.keys == [
          "prisonerNumber", "role", "roleDescription", "firstName", "lastName", "prisonId", "prisonName",
          "cellLocation",
        ]
      )
    }
  }

  @Test("89: with closed rows, both are listed")
  func withClosed() async throws {
    try await withThreeRows { (gateway) async throws in
      let answer = try await list(gateway, "D5678EF", "includeClosed=true")
      let json = try answer.json
      #expect(json["nonAssociations"]?.items.count == 2)
      #expect(json["openCount"] == 1)
      #expect(json["closedCount"] == 1)
      let closed = try #require(json["nonAssociations"]?.items.first { $0["isClosed"] == true })
      #expect(closed["closedBy"] == "CLOSE_USER")
      #expect(closed["closedReason"] == "settled")
      #expect(closed["closedAt"] == "2023-12-05T12:34:56.123456")
      #expect(closed["isOpen"] == false)
    }
  }

  @Test("90: only closed rows; the counts stay")
  func onlyClosed() async throws {
    try await withThreeRows { (gateway) async throws in
      let answer = try await list(gateway, "D5678EF", "includeOpen=false&includeClosed=true")
      #expect(try others(answer) == ["YOUNG"])
      #expect(try answer.json["openCount"] == 1)
      #expect(try answer.json["closedCount"] == 1)
    }
  }

  @Test("91: other prisons' rows are listed and counted when asked for")
  func otherPrisons() async throws {
    try await withThreeRows { (gateway) async throws in
      let answer = try await list(gateway, "D5678EF", "includeOtherPrisons=true")
      #expect(Set(try others(answer)) == ["ADAMS", "MARSH"])
      #expect(try answer.json["openCount"] == 2)
      #expect(try answer.json["closedCount"] == 1)
    }
  }

  static let sortFields =
    "WHEN_CREATED, WHEN_UPDATED, WHEN_CLOSED, LAST_NAME, FIRST_NAME, PRISONER_NUMBER, PRISON_ID, PRISON_NAME, CELL_LOCATION"

  @Test(
    "92: an unknown sort field or direction is 400 and the possible ones are listed",
    arguments: [
      ("sortBy=InvalidField", "Parameter sortBy must be one of the following \(sortFields)"),
      ("sortBy=last_name", "Parameter sortBy must be one of the following \(sortFields)"),
      ("sortDirection=desc", "Parameter sortDirection must be one of the following ASC, DESC"),
    ]
  )
  func unknownSort(query: String, message: String) async throws {
    try await withGateway { (gateway) async throws in
      let answer = try await list(gateway, "A1234BC", query)
      #expect(answer.status == 400)
      #expect(try answer.json["userMessage"] == .text("Validation failure: \(message)"))
    }
  }

  @Test("93: sorted by last name, descending")
  func byLastName() async throws {
    try await withThreeRows { (gateway) async throws in
      let answer = try await list(gateway, "D5678EF", "\(Self.all)&sortBy=LAST_NAME&sortDirection=DESC")
      #expect(try others(answer) == ["YOUNG", "MARSH", "ADAMS"])
    }
  }

  @Test("94: newest created first by default; by update either way")
  func byTime() async throws {
    try await withGateway { (gateway) async throws in
      let database = gateway.database
      try await database.insertOpen(
        "A1234BC",
        "D5678EF",
        created: "2023-12-01T10:00:00Z",
        updated: "2023-12-04T10:00:00Z"
      )
      try await database.insertOpen(
        "D5678EF",
        "G9012HI",
        created: "2023-12-03T10:00:00Z",
        updated: "2023-12-03T10:00:00Z"
      )
      try await database.insertOpen(
        "L3456MN",
        "D5678EF",
        created: "2023-12-02T10:00:00Z",
        updated: "2023-12-05T10:00:00Z"
      )
      #expect(try others(await list(gateway, "D5678EF", Self.all)) == ["YOUNG", "MARSH", "ADAMS"])
      #expect(
        try others(await list(gateway, "D5678EF", "\(Self.all)&sortBy=WHEN_UPDATED")) == [
          "MARSH", "ADAMS", "YOUNG",
        ]
      )
      #expect(
        try others(await list(gateway, "D5678EF", "\(Self.all)&sortBy=WHEN_UPDATED&sortDirection=ASC"))
          == ["YOUNG", "ADAMS", "MARSH"]
      )
    }
  }

  @Test("95: by the other prisoner's number, ascending by default")
  func byNumber() async throws {
    try await withThreeRows { (gateway) async throws in
      let ascending = try await list(gateway, "D5678EF", "\(Self.all)&sortBy=PRISONER_NUMBER")
      #expect(try others(ascending, "prisonerNumber") == ["A1234BC", "G9012HI", "L3456MN"])
      let descending = try await list(
        gateway,
        "D5678EF",
        "\(Self.all)&sortBy=PRISONER_NUMBER&sortDirection=DESC"
      )
      #expect(try others(descending, "prisonerNumber") == ["L3456MN", "G9012HI", "A1234BC"])
    }
  }

  @Test(
    "96: nulls come first ascending and last descending",
    arguments: ["PRISON_ID", "PRISON_NAME", "CELL_LOCATION"]
  )
  func nulls(field: String) async throws {
    try await withGateway { (gateway) async throws in
      for other in ["L3456MN", "D1234DD", "A1234BC"] {
        try await gateway.database.insertOpen("D5678EF", other)
      }
      let ascending = try await list(gateway, "D5678EF", "\(Self.all)&sortBy=\(field)&sortDirection=ASC")
      let byPrison = ["D1234DD", "L3456MN", "A1234BC"]
      let byCell = ["D1234DD", "A1234BC", "L3456MN"]
      let expected = field == "CELL_LOCATION" ? byCell : byPrison
      #expect(try others(ascending, "prisonerNumber") == expected.map(Optional.some))
      let descending = try await list(gateway, "D5678EF", "\(Self.all)&sortBy=\(field)&sortDirection=DESC")
      #expect(try others(descending, "prisonerNumber") == expected.reversed().map(Optional.some))
    }
  }

  @Test("97: by closure: closed newest first, open rows last")
  func byClosure() async throws {
    try await withGateway { (gateway) async throws in
      try await gateway.database.insertOpen("A1234BC", "D5678EF")
      try await gateway.database.insertClosed("D5678EF", "G9012HI", closed: "2023-12-06T10:00:00Z")
      try await gateway.database.insertClosed("L3456MN", "D5678EF", closed: "2023-12-07T10:00:00Z")
      #expect(
        try others(await list(gateway, "D5678EF", "\(Self.all)&sortBy=WHEN_CLOSED")) == [
          "MARSH", "YOUNG", "ADAMS",
        ]
      )
    }
  }

  @Test("98: a number of another form is 400; with a wrong role 403", arguments: ["A12", "A1234BCX"])
  func badNumber(number: String) async throws {
    try await withGateway { (gateway) async throws in
      let answer = try await list(gateway, number)
      #expect(answer.status == 400)
      #expect(try answer.json["errorCode"] == .null)
      #expect(
        try answer.json["userMessage"]?.text?.hasSuffix("Prisoner number must be in the correct format")
          == true
      )
      let wrong = try gateway.token(roles: ["WRONG_ROLE"])
      #expect(try await gateway.get("/prisoner/\(number)/non-associations", token: wrong).status == 403)
    }
  }

  @Test("99: a lower-case number is another key")
  func lowerCase() async throws {
    try await withGateway { (gateway) async throws in
      let answer = try await list(gateway, "a1234bc")
      #expect(answer.status == 404)
      #expect(
        try answer.json["userMessage"]
          == "Missing prisoners: Could not find the following prisoners: [a1234bc]"
      )
    }
  }

  @Test("100: without a location, only those without a location are in the same prison")
  func nullPrison() async throws {
    try await withGateway { (gateway) async throws in
      try await gateway.database.insertOpen("D1234DD", "A1234BC")
      try await gateway.database.insertOpen("D1234DD", "D1234DE")
      #expect(try others(await list(gateway, "D1234DD"), "prisonerNumber") == ["D1234DE"])
    }
  }

  @Test("101: a null authorised_by is an empty text")
  func nullAuthorisedBy() async throws {
    try await withGateway { (gateway) async throws in
      let id = try await gateway.database.insertOpen("A1234BC", "D5678EF")
      try await gateway.database.run("update non_association set authorised_by = null where id = \(id)")
      #expect(try await list(gateway).json["nonAssociations"]?[0]?["authorisedBy"] == "")
    }
  }

  @Test("102: a third party that search lacks makes the list 404, even of a row that would be filtered out")
  func missingThirdParty() async throws {
    try await withThreeRows { (gateway) async throws in
      try await gateway.database.insertClosed("D5678EF", "X1111TT")
      let answer = try await list(gateway)
      #expect(answer.status == 404)
      #expect(
        try answer.json["userMessage"]
          == "Missing prisoners: Could not find the following prisoners: [X1111TT]"
      )
    }
  }
}
