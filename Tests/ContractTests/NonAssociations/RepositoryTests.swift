import Subprocess
import Testing

@Suite("docs/contract/non-associations.md §15: Repository")
struct RepositoryTests {
  @Test(
    "135: the database refuses a closed row without its details, and an open one with any",
    arguments: [
      "is_closed = true", "is_closed = true, closed_by = 'X', closed_reason = 'y'", "closed_by = 'X'",
      "is_closed = true, closed_at = now()",
    ]
  )
  func checks(assignment: String) async throws {
    try await withGateway { (gateway) async throws in
      try await gateway.database.insertOpen("A1234BC", "D5678EF")
      await #expect(throws: Subprocess.Failure.self) {
        try await gateway.database.run("update non_association set \(assignment)")
      }
      #expect(try await gateway.database.count("non_association where not is_closed") == 1)
    }
  }

  @Test("136: either side, between and involving find exact sets in the order of ids")
  func finders() async throws {
    try await withGateway { (gateway) async throws in
      let (j, m, s, e) = ("A1234BC", "D5678EF", "G9012HI", "L3456MN")
      let ids = [
        try await gateway.database.insertOpen(j, m), try await gateway.database.insertClosed(m, j),
        try await gateway.database.insertOpen(s, j), try await gateway.database.insertClosed(s, m),
        try await gateway.database.insertOpen(e, s),
      ]
      let token = try gateway.reader()
      let all = "includeOpen=true&includeClosed=true"
      let side = try await gateway.get(
        "/prisoner/\(j)/non-associations?\(all)&includeOtherPrisons=true&sortBy=WHEN_CREATED&sortDirection=ASC",
        token: token
      )
      #expect(
        try side.json["nonAssociations"]?.items.compactMap { $0["id"]?.number } == [ids[0], ids[1], ids[2]]
      )
      let cases: [(String, [String], String, [Int])] = [
        ("between", [j, m], "", [0]), ("between", [j, m], all, [0, 1]),
        ("between", [j, m, s], "includeOpen=false&includeClosed=true", [1, 3]),
        ("between", [j, m, s, e], all, [0, 1, 2, 3, 4]), ("involving", [s], "", [2, 4]),
        ("involving", [s], all, [2, 3, 4]),
        ("involving", [m, e], "includeOpen=false&includeClosed=true", [1, 3]),
        ("involving", [j, m, s, e], all, [0, 1, 2, 3, 4]),
      ]
      for (kind, numbers, query, rows) in cases {
        let body = "[" + numbers.map { "\"\($0)\"" }.joined(separator: ",") + "]"
        let answer = try await gateway.post("/non-associations/\(kind)?\(query)", body, token: token)
        #expect(try answer.ids == rows.map { ids[$0] })
      }
    }
  }
}
