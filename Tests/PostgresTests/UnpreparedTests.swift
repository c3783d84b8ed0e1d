import EventLoops
import Testing

@testable import Postgres

@Suite struct UnpreparedTests {
  @Test("a statement put together for one use takes parameters, in a pipeline too, and leaves nothing behind")
  func leavesNothing() async throws {
    try await TestServer.withDatabase({ $0.readConnectionsPerLoop = 1 }) { database async throws in
      try await Loops.run { () async throws in
        try await withThrowingTaskGroup(of: Int64.self) { group in
          for number in 0..<100 as Range<Int64> {
            group.addTask(executorPreference: Loops.shared.loops[0]) {
              let statement = PostgresStatement(
                name: "once",
                sql: "select $1 + \(number), length($2), $3::text is null",
                isPrepared: false
              )
              let row = try await database.query(
                statement,
                [.int8(number), .text("four"), .null],
                deadline: .after(patience)
              )[0]
              #expect(try row.int64(0) == 2 * number)
              #expect(try row.int64(1) == 4)
              #expect(try row.bool(2))
              return try row.int64(0)
            }
          }
          let sum = try await group.reduce(0, +)
          #expect(sum == 9900)
        }
        let left = try await database.read(
          "select count(*) from pg_prepared_statements where name like '%once%'"
        )
        #expect(try left[0].int64(0) == 0)
      }
    }
  }

  @Test("its errors carry its name, and what follows it runs")
  func errors() async throws {
    try await TestServer.withDatabase({ $0.readConnectionsPerLoop = 1 }) { database async throws in
      let broken = PostgresStatement(name: "broken", sql: "select nothing", isPrepared: false)
      let error = await postgresError {
        _ = try await database.query(broken, deadline: .after(patience))
      }
      #expect(error?.statement == "broken")
      #expect(error?.sqlState == "42703")
      #expect(try await database.read("select 1::bigint")[0].int64(0) == 1)
    }
  }
}
