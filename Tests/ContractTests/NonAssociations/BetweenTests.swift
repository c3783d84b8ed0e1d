import Testing

@Suite("docs/contract/non-associations.md §15: Between and involving")
struct BetweenTests {
  private func ask(_ gateway: RunningGateway, _ kind: String, _ body: String, _ query: String = "")
    async throws
    -> Answer
  {
    let suffix = query.isEmpty ? "" : "?\(query)"
    return try await gateway.post("/non-associations/\(kind)\(suffix)", body, token: gateway.reader())
  }

  private func list(_ numbers: String...) -> String {
    "[" + numbers.map { "\"\($0)\"" }.joined(separator: ",") + "]"
  }

  /// The rows of 109 and 118: their ids in order.
  private func insertFive(_ gateway: RunningGateway) async throws -> [Int] {
    [
      try await gateway.database.insertOpen("A0000AA", "A1111AA"),
      try await gateway.database.insertOpen("A0000AA", "A2222AA"),
      try await gateway.database.insertOpen("A2222AA", "A3333AA"),
      try await gateway.database.insertOpen("A1111AA", "A4444AA"),
      try await gateway.database.insertClosed("A4444AA", "A2222AA"),
    ]
  }

  @Test(
    "103, 113, 114: no token is 401, a wrong role 403, another media type 415",
    arguments: ["between", "involving"]
  )
  func refusals(kind: String) async throws {
    try await withGateway { (gateway) async throws in
      let path = "/non-associations/\(kind)"
      #expect(try await gateway.post(path, "[]").status == 401)
      #expect(try await gateway.post(path, "[]", token: gateway.token(roles: ["WRONG_ROLE"])).status == 403)
      #expect(try await gateway.post(path, "[]", token: gateway.writer()).status == 403)
      let plain = try await gateway.send(
        "POST",
        path,
        token: gateway.reader(),
        headers: [("Content-Type", "text/plain")],
        body: "[]"
      )
      #expect(plain.status == 415)
    }
  }

  @Test(
    "104: fewer than two distinct numbers is 400",
    arguments: ["", "null", "[]", #"["A1234BC"]"#, #"["A1234BC","A1234BC"]"#, #"["A1234BC",""]"#]
  )
  func tooFew(body: String) async throws {
    try await withGateway { (gateway) async throws in
      let message = "Validation failure: Two or more distinct prisoner numbers are required"
      #expect(try await ask(gateway, "between", body).isError(400, message))
    }
  }

  @Test("104, 115: no body and no type reach the same 400", arguments: ["between", "involving"])
  func nothing(kind: String) async throws {
    try await withGateway { (gateway) async throws in
      let answer = try await gateway.send("POST", "/non-associations/\(kind)", token: gateway.reader())
      let count = kind == "between" ? "Two" : "One"
      #expect(
        answer.isError(400, "Validation failure: \(count) or more distinct prisoner numbers are required")
      )
    }
  }

  @Test("105, 106: none between the two; search is not asked without rows")
  func none() async throws {
    try await withGateway { (gateway) async throws in
      try await gateway.database.insertOpen("A0011AA", "A1234BC")
      gateway.search.answer(status: 500)
      let body = list("A1234BC", "D5678EF")
      #expect(try await ask(gateway, "between", body).text == "[]")
      #expect(try await ask(gateway, "between", body, "prisonId=MDI").text == "[]")
      #expect(gateway.search.requestCount == 0)
    }
  }

  @Test("107, 108: open by default; closed when asked for; neither is 400")
  func states() async throws {
    try await withGateway { (gateway) async throws in
      let open = try await gateway.database.insertOpen("A1234BC", "D5678EF")
      let closed = try await gateway.database.insertClosed("A1234BC", "D5678EF")
      let body = list("D5678EF", "A1234BC")
      let answer = try await ask(gateway, "between", body)
      #expect(try answer.ids == [open])
      let row = try await gateway.get("/non-associations/\(open)", token: gateway.reader())
      #expect(answer.text == "[\(row.text)]")
      #expect(try await ask(gateway, "between", body, "includeClosed=true").ids == [open, closed])
      let onlyClosed = try await ask(gateway, "between", body, "includeOpen=false&includeClosed=true")
      #expect(try onlyClosed.ids == [closed])
      let neither = try await ask(gateway, "between", body, "includeOpen=false")
      #expect(neither.isError(400, "Validation failure: includeOpen and includeClosed cannot both be false"))
    }
  }

  @Test("109: only rows whose both prisoners are asked for")
  func both() async throws {
    try await withGateway { (gateway) async throws in
      let ids = try await insertFive(gateway)
      let body = list("A0000AA", "A2222AA", "A4444AA", "B0000BB")
      #expect(try await ask(gateway, "between", body).ids == [ids[1]])
      #expect(try await ask(gateway, "between", body, "includeClosed=true").ids == [ids[1], ids[4]])
    }
  }

  @Test("110, 111: in one prison, both prisoners; one that search lacks is 404")
  func inPrison() async throws {
    try await withGateway { (gateway) async throws in
      let id = try await gateway.database.insertOpen("D5678EF", "G9012HI")
      try await gateway.database.insertOpen("G9012HI", "A1234BC")
      try await gateway.database.insertOpen("L3456MN", "G9012HI")
      let body = list("D5678EF", "L3456MN", "G9012HI")
      #expect(try await ask(gateway, "between", body, "prisonId=MDI").ids == [id])
      #expect(try await ask(gateway, "between", body, "prisonId=").text == "[]")
      gateway.search.setPrisoners(gateway.search.contractPrisoners.filter { $0.number != "G9012HI" })
      let missing = try await ask(gateway, "between", body, "prisonId=MDI")
      #expect(
        missing.isError(404, "Missing prisoners: Could not find the following prisoners: [G9012HI]")
      )
    }
  }

  @Test(
    "112: what is no array of texts is 400",
    arguments: ["{}", #""A1234BC""#, "[[]]", #"["A1234BC",null,"D5678EF"]"#, "[", #"["A1234BC","\u0000"]"#]
  )
  func unreadable(body: String) async throws {
    try await withGateway { (gateway) async throws in
      for kind in ["between", "involving"] {
        let answer = try await ask(gateway, kind, body)
        #expect(answer.status == 400)
        #expect(
          try answer.json["userMessage"]?.text?.hasPrefix(
            "Validation failure: Couldn't read request body: JSON parse error: "
          ) == true
        )
      }
    }
  }

  @Test("115: no number is 400", arguments: ["", "null", "[]", #"[""]"#])
  func nobody(body: String) async throws {
    try await withGateway { (gateway) async throws in
      let message = "Validation failure: One or more distinct prisoner numbers are required"
      #expect(try await ask(gateway, "involving", body).isError(400, message))
    }
  }

  @Test("116: nothing involves them; search is not asked without rows")
  func involvesNone() async throws {
    try await withGateway { (gateway) async throws in
      try await gateway.database.insertOpen("A0011AA", "D4444DD")
      gateway.search.answer(status: 500)
      let body = list("A1234BC", "D5678EF")
      #expect(try await ask(gateway, "involving", body).text == "[]")
      #expect(try await ask(gateway, "involving", body, "prisonId=MDI").text == "[]")
      #expect(gateway.search.requestCount == 0)
    }
  }

  @Test("117: open by default; closed when asked for; neither is 400")
  func involvingStates() async throws {
    try await withGateway { (gateway) async throws in
      let open = try await gateway.database.insertOpen("D4444DD", "A1234BC")
      let closed = try await gateway.database.insertClosed("D5678EF", "C3333CC")
      let body = list("A1234BC", "D5678EF")
      #expect(try await ask(gateway, "involving", body).ids == [open])
      #expect(try await ask(gateway, "involving", body, "includeClosed=true").ids == [open, closed])
      let onlyClosed = try await ask(gateway, "involving", body, "includeOpen=false&includeClosed=true")
      #expect(try onlyClosed.ids == [closed])
      #expect(try await ask(gateway, "involving", body, "includeOpen=false").status == 400)
    }
  }

  @Test("118: rows with either prisoner, each once")
  func either() async throws {
    try await withGateway { (gateway) async throws in
      let ids = try await insertFive(gateway)
      let body = list("A2222AA", "A4444AA", "B0000BB")
      #expect(try await ask(gateway, "involving", body).ids == [ids[1], ids[2], ids[3]])
      #expect(try await ask(gateway, "involving", body, "includeClosed=true").ids == Array(ids[1...]))
    }
  }

  @Test("119: in one prison, both prisoners")
  func involvingInPrison() async throws {
    try await withGateway { (gateway) async throws in
      let id = try await gateway.database.insertOpen("D5678EF", "G9012HI")
      try await gateway.database.insertClosed("A1234BC", "D5678EF")
      try await gateway.database.insertOpen("G9012HI", "A1234BC")
      try await gateway.database.insertOpen("L3456MN", "G9012HI")
      #expect(try await ask(gateway, "involving", list("D5678EF", "L3456MN"), "prisonId=MDI").ids == [id])
    }
  }

  @Test("120: one number is enough")
  func one() async throws {
    try await withGateway { (gateway) async throws in
      #expect(try await ask(gateway, "involving", list("A1234BC")).status == 200)
    }
  }

  @Test("thousands of numbers are one statement, and search is asked in chunks of 900")
  func thousands() async throws {
    try await withGateway { (gateway) async throws in
      let others = (0..<3_999).map { "K\(1000 + $0)KK" }
      gateway.search.setPrisoners(
        gateway.search.contractPrisoners + others.map { SearchPrisoner($0, "A", "B", "MDI", "M", nil) }
      )
      try await gateway.database.run(
        """
        insert into non_association (first_prisoner_number, first_prisoner_role, second_prisoner_number,
          second_prisoner_role, reason, restriction_type, comment, authorised_by, updated_by)
        select 'A1234BC', 'VICTIM', 'K' || (1000 + n) || 'KK', 'UNKNOWN', 'OTHER', 'CELL', 'x', 'U', 'U'
        from generate_series(0, 3998) n
        """
      )
      let body = "[" + (["A1234BC"] + others).map { "\"\($0)\"" }.joined(separator: ",") + "]"
      for kind in ["between", "involving"] {
        let answer = try await ask(gateway, kind, body, "prisonId=MDI")
        #expect(answer.status == 200)
        #expect(try answer.ids.count == 3_999)
      }
      #expect(gateway.search.askedCounts.sorted() == [400, 400] + Array(repeating: 900, count: 8))
    }
  }
}
