import Testing

@Suite("docs/contract/non-associations.md §15: Paged")
struct PagedTests {
  /// Rows 1 open, 2 closed, 3 closed, 4 open, 5 open; `body` gets their ids.
  private func withFiveRows(_ body: (RunningGateway, [Int]) async throws -> Void) async throws {
    try await withGateway { (gateway) async throws in
      let ids = [
        try await gateway.database.insertOpen("A1234BC", "D5678EF"),
        try await gateway.database.insertClosed("B1234BB", "D5678EF"),
        try await gateway.database.insertClosed("C1234CC", "D5678EF"),
        try await gateway.database.insertOpen("B1234BB", "G9012HI"),
        try await gateway.database.insertOpen("L3456MN", "D5678EF"),
      ]
      try await body(gateway, ids)
    }
  }

  private func page(_ gateway: RunningGateway, _ query: String = "") async throws -> Answer {
    let suffix = query.isEmpty ? "" : "?\(query)"
    return try await gateway.get("/non-associations\(suffix)", token: gateway.reader())
  }

  @Test("68: no token is 401, a wrong role 403")
  func refusals() async throws {
    try await withGateway { (gateway) async throws in
      #expect(try await gateway.get("/non-associations").status == 401)
      #expect(try await gateway.get("/non-associations", token: gateway.writer()).status == 403)
    }
  }

  @Test("69: more than 200 is 400, and 200 is not")
  func sizes() async throws {
    try await withGateway { (gateway) async throws in
      for size in [1000, 201] {
        let answer = try await page(gateway, "size=\(size)")
        #expect(answer.isError(400, "Validation failure: Page size must be 200 or less"))
      }
      #expect(try await page(gateway, "size=200").status == 200)
    }
  }

  @Test("70: the first of five, with every key of a page in its order")
  func first() async throws {
    try await withFiveRows { gateway, ids in
      let answer = try await page(gateway, "size=1&includeClosed=true")
      #expect(answer.status == 200)
      let row = try await gateway.get("/non-associations/\(ids[0])", token: gateway.reader())
      let sort = #""sort":{"empty":false,"sorted":true,"unsorted":false}"#
      #expect(
        answer.text
          == #"{"totalElements":5,"totalPages":5,"size":1,"content":[\#(row.text)],"number":0,"first":true,"#
          + #""last":false,\#(sort),"numberOfElements":1,"pageable":{"offset":0,\#(sort),"pageSize":1,"#
          + #""pageNumber":0,"paged":true,"unpaged":false},"empty":false}"#
      )
    }
  }

  @Test(
    "71, 72, 74, 75, 76: states and sizes",
    arguments: [
      ("size=1", [0], 3, 3, false), ("includeClosed=true&includeOpen=false&size=1", [1], 2, 2, false),
      ("includeClosed=true&size=6", [0, 1, 2, 3, 4], 5, 1, true), ("size=100", [0, 3, 4], 3, 1, true),
      ("includeOpen=false&includeClosed=true&size=100", [1, 2], 2, 1, true),
    ]
  )
  func states(query: String, rows: [Int], total: Int, pages: Int, last: Bool) async throws {
    try await withFiveRows { gateway, ids in
      let answer = try await page(gateway, query)
      #expect(try answer.ids == rows.map { ids[$0] })
      let json = try answer.json
      #expect(json["totalElements"] == .number(total))
      #expect(json["totalPages"] == .number(pages))
      #expect(json["numberOfElements"] == .number(rows.count))
      #expect(json["last"] == .bool(last))
    }
  }

  @Test("73: the second page of two")
  func second() async throws {
    try await withFiveRows { gateway, ids in
      let answer = try await page(gateway, "size=2&includeClosed=true&page=1")
      #expect(try answer.ids == [ids[2], ids[3]])
      let json = try answer.json
      #expect(json["pageable"]?["offset"] == 2)
      #expect(json["totalPages"] == 3)
      #expect(json["first"] == false)
      #expect(json["last"] == false)
      #expect(json["number"] == 1)
    }
  }

  @Test("77: neither open nor closed is 400; the size is checked before")
  func neither() async throws {
    try await withGateway { (gateway) async throws in
      let neither = try await page(gateway, "includeOpen=false")
      #expect(neither.isError(400, "Validation failure: includeOpen and includeClosed cannot both be false"))
      let both = try await page(gateway, "includeOpen=false&size=201")
      #expect(both.isError(400, "Validation failure: Page size must be 200 or less"))
    }
  }

  @Test(
    "78: what is no size or page means the default",
    arguments: ["size=0", "size=-1", "size=x", "page=-1", "page=x", "page=99999999999", "size=99999999999"]
  )
  func defaults(query: String) async throws {
    try await withFiveRows { gateway, ids in
      let answer = try await page(gateway, query)
      #expect(answer.status == 200)
      #expect(try answer.json["size"] == 20)
      #expect(try answer.json["number"] == 0)
      #expect(try answer.ids == [ids[0], ids[3], ids[4]])
    }
  }

  @Test("79: beyond the end the page is empty and the totals are true", arguments: [9, 2_147_483_647])
  func beyond(number: Int) async throws {
    try await withFiveRows { gateway, _ in
      let answer = try await page(gateway, "page=\(number)&size=200")
      #expect(answer.status == 200)
      let json = try answer.json
      #expect(json["content"] == [])
      #expect(json["empty"] == true)
      #expect(json["last"] == true)
      #expect(json["first"] == false)
      #expect(json["totalElements"] == 3)
      #expect(json["pageable"]?["offset"] == .number(number * 200))
    }
  }

  @Test("80: without rows there is one empty page")
  func noRows() async throws {
    try await withGateway { (gateway) async throws in
      let json = try await page(gateway).json
      #expect(json["totalPages"] == 0)
      #expect(json["totalElements"] == 0)
      for name in ["first", "last", "empty"] { #expect(json[name] == true) }
    }
  }

  @Test(
    "81: sorted as asked, ties by id; nothing asked is by id",
    arguments: [
      ("sort=firstPrisonerNumber,desc", [4, 2, 1, 3, 0]), ("sort=whenCreated%2CDESC", [0, 1, 2, 3, 4]),
      ("sort=", [0, 1, 2, 3, 4]), ("sort=,desc", [0, 1, 2, 3, 4]), ("sort=id%2Cdesc", [4, 3, 2, 1, 0]),
      ("sort=secondPrisonerNumber,DESC&sort=firstPrisonerNumber,DESC", [3, 4, 2, 1, 0]),
      ("sort=isClosed,firstPrisonerNumber,DESC", [2, 1, 4, 3, 0]),
      ("sort=isClosed,firstPrisonerNumber,DESC,ignorecase", [2, 1, 4, 3, 0]),
      ("sort=closedAt&sort=id,desc", [2, 1, 4, 3, 0]), ("sort=closedAt,desc", [0, 3, 4, 1, 2]),
    ]
  )
  func sorted(query: String, rows: [Int]) async throws {
    try await withFiveRows { gateway, ids in
      let answer = try await page(gateway, "includeClosed=true&\(query)")
      #expect(answer.status == 200)
      #expect(try answer.ids == rows.map { ids[$0] })
    }
  }

  @Test(
    "81: every property sorts, in both directions",
    arguments: [
      "id", "firstPrisonerNumber", "firstPrisonerRole", "secondPrisonerNumber", "secondPrisonerRole",
      "reason",
      "restrictionType", "comment", "authorisedBy", "isClosed", "closedBy", "closedReason", "closedAt",
      "whenCreated", "whenUpdated", "updatedBy",
    ]
  )
  func everyProperty(name: String) async throws {
    try await withFiveRows { gateway, ids in
      for direction in ["ASC", "DESC", "desc,ignorecase"] {
        let answer = try await page(gateway, "includeClosed=true&sort=\(name),\(direction)")
        #expect(answer.status == 200)
        #expect(try Set(answer.ids) == Set(ids))
      }
    }
  }

  @Test("82: an unknown property is 400", arguments: ["nope", "ID", "id;drop", "first_prisoner_number"])
  func unknownProperty(name: String) async throws {
    try await withGateway { (gateway) async throws in
      let answer = try await page(gateway, "sort=\(name)")
      #expect(answer.status == 400)
      #expect(
        try answer.json["userMessage"]?.text?.hasPrefix("Validation failure: Parameter sort must name one of")
          == true
      )
    }
  }

  @Test("83: a boolean that is none is 400")
  func badBoolean() async throws {
    try await withGateway { (gateway) async throws in
      let answer = try await page(gateway, "includeOpen=maybe")
      #expect(answer.isError(400, "Validation failure: Parameter includeOpen must be of type boolean"))
    }
  }
}
