import Testing

@Suite("The whole gateway, when something around it fails")
struct ResilienceTests {
  @Test(
    "while prisoner search hangs, reads are answered; what waits for it ends in an error, with nothing stored"
  )
  func hangingUpstream() async throws {
    try await withGateway(settings: ["API_TIMEOUT": "2s"]) { (gateway) async throws in
      let id = try await gateway.database.insertOpen("G9012HI", "L3456MN")
      let (reader, writer) = (try gateway.reader(), try gateway.writer())
      gateway.search.hang()
      try await withThrowingTaskGroup(of: Answer.self) { creates in
        for _ in 0..<20 {
          creates.addTask { try await gateway.post("/non-associations", CreateTests.body, token: writer) }
        }
        for _ in 0..<50 {
          #expect(try await gateway.get("/non-associations/\(id)", token: reader).status == 200)
        }
        for try await answer in creates {
          #expect(answer.status == 500)
          #expect(try answer.json["userMessage"]?.text?.hasPrefix("Unexpected error: ") == true)
        }
      }
      #expect(try await gateway.database.count("non_association") == 1)
    }
  }

  @Test("while PostgreSQL's backends are killed, no acknowledged create is lost, and reads go on")
  func killedBackends() async throws {
    try await withGateway { (gateway) async throws in
      let others = (0..<60).map { "K\(1000 + $0)KK" }
      gateway.search.setPrisoners(
        gateway.search.contractPrisoners + others.map { SearchPrisoner($0, "A", "B", "MDI", "M", nil) }
      )
      let (reader, writer) = (try gateway.reader(), try gateway.writer())
      var acknowledged: [Int] = []
      for round in 0..<10 {
        try await withThrowingTaskGroup(of: Answer?.self) { tasks in
          tasks.addTask {
            try await gateway.database.run(
              """
              select pg_terminate_backend(pid) from pg_stat_activity
              where datname = current_database() and pid <> pg_backend_pid()
              """
            )
            return nil
          }
          for other in others[round * 6..<round * 6 + 6] {
            tasks.addTask {
              try await gateway.post("/non-associations", CreateTests.body(second: other), token: writer)
            }
          }
          for try await case let answer? in tasks {
            if answer.status == 201 {
              acknowledged.append(try #require(try answer.json["id"]?.number))
            } else {
              #expect(answer.status == 500 || answer.status == 503)
            }
          }
        }
      }
      for id in acknowledged {
        #expect(try await gateway.get("/non-associations/\(id)", token: reader).status == 200)
      }
      #expect(try await gateway.database.count("non_association") >= acknowledged.count)
    }
  }
}
