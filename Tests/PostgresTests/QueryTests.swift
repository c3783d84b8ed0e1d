import EventLoops
import Synchronization
import TestKit
import Testing
import Time

@testable import Postgres

/// Answers in the order in which they came.
private final class Arrivals: Sendable {
  private let numbers = Mutex<[Int64]>([])
  var all: [Int64] { numbers.withLock { $0 } }
  func append(_ number: Int64) { numbers.withLock { $0.append(number) } }
}

@Suite struct QueryTests {
  @Test(
    "a thousand concurrent reads on one connection get their own answers, in the order they were asked for"
  )
  func pipelined() async throws {
    try await TestServer.withDatabase({ $0.readConnectionsPerLoop = 1 }) { database async throws in
      let order = try await Loops.run { () async throws in
        let order = Arrivals()
        try await withThrowingTaskGroup(of: Void.self) { group in
          for number in 0..<1000 as Range<Int64> {
            group.addTask(executorPreference: Loops.shared.loops[0]) {
              let rows = try await database.read("select $1, repeat('x', 1000)", [.int8(number)])
              let value = try rows[0].int64(0)
              order.append(value)
            }
          }
          try await group.waitForAll()
        }
        return order.all
      }
      #expect(order == Array(0..<1000))
      #expect(await database.statistics().reads.total == 1)
    }
  }

  @Test("large answers and large parameters pass in both directions at once")
  func large() async throws {
    try await TestServer.withDatabase({ $0.readConnectionsPerLoop = 1 }) { database async throws in
      try await Loops.run { () async throws in
        try await withThrowingTaskGroup(of: Int.self) { group in
          for size in 1...8 {
            group.addTask(executorPreference: Loops.shared.loops[0]) {
              let text = String(repeating: "abcdefgh", count: size * 100_000)
              let row = try await database.read("select $1 || $1", [.text(text)])[0]
              return try row.text(0) == text + text ? 1 : 0
            }
          }
          var right = 0
          for try await one in group { right += one }
          #expect(right == 8)
        }
      }
    }
  }

  @Test("statements that fail in the middle of a batch harm no other statement of it")
  func failureInBatch() async throws {
    try await TestServer.withDatabase({ $0.readConnectionsPerLoop = 1 }) { database async throws in
      let outcomes = try await Loops.run { () async throws in
        await withTaskGroup(of: (Int, Result<Int64, PostgresError>).self) { group in
          for number in 0..<100 {
            group.addTask(executorPreference: Loops.shared.loops[0]) {
              do throws(PostgresError) {
                let sql: String =
                  switch number % 10 {
                  case 3: "select 1 / ($1 - $1)"
                  case 7: "selec $1"
                  case 8: "select no_such_column_\(number) from pg_class where oid = $1"
                  default: "select $1"
                  }
                let statement = PostgresStatement(name: "batch\(number % 10)", sql: sql)
                let rows = try await database.query(
                  statement,
                  [.int8(Int64(number))],
                  deadline: .after(patience)
                )
                return (number, .success(try rows[0].int64(0)))
              } catch {
                return (number, .failure(error))
              }
            }
          }
          return await group.reduce(into: [Int: Result<Int64, PostgresError>]()) { $0[$1.0] = $1.1 }
        }
      }
      for number in 0..<100 {
        switch (number % 10, outcomes[number]) {
        case (3, .failure(let error)): #expect(error.sqlState == "22012")
        case (7, .failure(let error)): #expect(error.sqlState == "42601")
        case (8, .failure(let error)): #expect(error.sqlState == "42703")
        case (_, .success(let value)): #expect(value == Int64(number))
        default: Issue.record("statement \(number): \(String(describing: outcomes[number]))")
        }
      }
    }
  }

  @Test(
    "a read past its deadline ends for its caller and at the server, and its neighbours get their answers"
  )
  func deadline() async throws {
    try await TestServer.withDatabase({ $0.readConnectionsPerLoop = 1 }) { database async throws in
      try await Loops.run { () async throws in
        _ = try await database.read("select 1")
        async let slow = postgresError {
          _ = try await database.query(
            PostgresStatement(name: "slow", sql: "select pg_sleep(60)"),
            deadline: .after(.milliseconds(300))
          )
        }
        let neighbours = try await withThrowingTaskGroup(of: Int64.self) { group in
          for number in 0..<20 as Range<Int64> {
            group.addTask(executorPreference: Loops.shared.loops[0]) {
              try await database.read("select $1", [.int8(number)])[0].int64(0)
            }
          }
          return try await group.reduce(0, +)
        }
        #expect(neighbours == 190)
        let error = await slow
        #expect(error?.kind == .timedOut)
        #expect(error?.statement == "slow")
      }
      try await eventually("the server has stopped sleeping") {
        try await !database.isSleeping()
      }
    }
  }

  @Test("a slow read does not hold up what is asked for after it, while another connection can be had")
  func slowNeighbour() async throws {
    try await TestServer.withDatabase({ $0.readConnectionsPerLoop = 2 }) { database async throws in
      try await Loops.run { () async throws in
        _ = try await database.read("select 1")
        let slow = Task(executorPreference: Loops.shared.loops[0]) {
          await postgresError { _ = try await database.read("select pg_sleep(60)") }
        }
        try await eventually("it sleeps") { try await database.isSleeping() }
        try await eventually("it is known to be slow") {
          let deadline = MonotonicInstant.after(.seconds(2))
          return await postgresError {
            try await database.query(PostgresStatement(name: "quick", sql: "select 1"), deadline: deadline)
          } == nil
        }
        #expect(try await database.isSleeping())
        slow.cancel()
        #expect(await slow.value?.kind == .cancelled)
      }
    }
  }

  @Test("a cancelled task's read ends for its caller and at the server")
  func cancellation() async throws {
    try await TestServer.withDatabase({ $0.readConnectionsPerLoop = 2 }) { database async throws in
      let task = Task(executorPreference: Loops.shared.loops[0]) {
        await postgresError { _ = try await database.read("select pg_sleep(60)") }
      }
      try await eventually("the statement runs") {
        try await database.isSleeping()
      }
      task.cancel()
      #expect(await task.value?.kind == .cancelled)
      try await eventually("the server has stopped sleeping") {
        try await !database.isSleeping()
      }
      let already = Task(executorPreference: Loops.shared.loops[0]) {
        withUnsafeCurrentTask { $0?.cancel() }
        return await postgresError { _ = try await database.read("select 1") }
      }
      #expect(await already.value?.kind == .cancelled)
    }
  }

  @Test("the read path refuses writes")
  func readOnly() async throws {
    try await TestServer.withDatabase { database async throws in
      try await database.script("create table t (n bigint)")
      let error = await postgresError { _ = try await database.read("insert into t values (1) returning n") }
      #expect(error?.kind == .readOnly)
      #expect(try await database.read("select count(*) from t")[0].int64(0) == 0)
    }
  }

  @Test("a table that changes under a prepared statement does not disturb its readers")
  func changedPlan() async throws {
    try await TestServer.withDatabase({ $0.readConnectionsPerLoop = 1 }) { database async throws in
      try await Loops.run { () async throws in
        try await database.script("create table t (a bigint); insert into t values (1)")
        #expect(try await database.read("select * from t")[0].count == 1)
        try await database.script("alter table t add column b text default 'x'")
        let row = try await database.read("select * from t")[0]
        #expect(try row.text(1) == "x")
        try await database.script("alter table t alter column a type text")
        #expect(try await database.read("select * from t")[0].text(0) == "1")
      }
    }
  }

  @Test("a statement that the server has forgotten is prepared again")
  func forgottenStatement() async throws {
    try await TestServer.withDatabase({ $0.readConnectionsPerLoop = 1 }) { database async throws in
      try await Loops.run { () async throws in
        #expect(try await database.read("select 5::bigint")[0].int64(0) == 5)
        _ = try await database.query(
          PostgresStatement(name: "forget", sql: "deallocate all"),
          deadline: .after(patience)
        )
        #expect(try await database.read("select 5::bigint")[0].int64(0) == 5)
      }
    }
  }

  @Test("two statements of one name are two statements")
  func sameName() async throws {
    try await TestServer.withDatabase({ $0.readConnectionsPerLoop = 1 }) { database async throws in
      try await Loops.run { () async throws in
        #expect(try await database.read("select 1::bigint")[0].int64(0) == 1)
        #expect(try await database.read("select 2::bigint")[0].int64(0) == 2)
        #expect(try await database.read("select 1::bigint")[0].int64(0) == 1)
      }
    }
  }

  @Test("waiting is bounded in number and in time")
  func bounds() async throws {
    try await TestServer.withDatabase({
      $0.readConnectionsPerLoop = 1
      $0.maximumInFlight = 1
      $0.maximumWaiting = 2
      $0.leaseTimeout = .seconds(3)
      $0.statementTimeout = .seconds(5)
    }) { database async throws in
      try await Loops.run { () async throws in
        try await eventually("there is a connection") {
          await postgresError { try await database.read("select 1") } == nil
        }
        let slow = PostgresStatement(name: "slow", sql: "select pg_sleep(60)")
        let sleeping = Task(executorPreference: Loops.shared.loops[0]) {
          _ = try? await database.query(slow, deadline: .after(patience))
        }
        try await eventually("the connection is taken") { await database.statistics().reads.inFlight == 1 }
        let kinds = await withTaskGroup(of: PostgresError.Kind?.self) { group in
          for _ in 0..<4 {
            group.addTask(executorPreference: Loops.shared.loops[0]) {
              // Slow as well: others would be served meanwhile.
              await postgresError { _ = try await database.query(slow, deadline: .after(patience)) }?.kind
            }
          }
          return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(kinds.count { $0 == .poolExhausted } == 2)
        // The first may be frozen for all that is known: one of those that wait is sent on a further session, and runs out
        // of its own time there.
        #expect(kinds.count { $0 == .poolTimeout } == 1)
        #expect(kinds.count { $0 == .timedOut } == 1)
        sleeping.cancel()
        await sleeping.value
      }
    }
  }

  @Test("an unreachable server is an error within the lease time-out, not a wait for ever")
  func unreachable() async throws {
    var configuration = PostgresConfiguration(
      connectionString: "host=127.0.0.1 port=9 user=u password=secret-word"
    )
    configuration.leaseTimeout = .milliseconds(200)
    let database = try PostgresDatabase(configuration: configuration, group: Loops.shared, logger: quiet)
    let read = await postgresError { _ = try await database.read("select 1") }
    #expect(read?.kind == .connectionFailed)
    #expect(read?.detail.contains("Connection refused") == true, "\(read?.detail ?? "")")
    let write = await postgresError {
      try await database.withTransaction(deadline: .after(patience)) { _ in }
    }
    #expect(write?.kind == .connectionFailed)
    #expect(write?.detail.contains("Connection refused") == true, "\(write?.detail ?? "")")
    await database.shutdown()
    #expect(await postgresError { _ = try await database.read("select 1") }?.kind == .shutDown)
  }

  @Test("a host name is resolved, and the next host is tried when one refuses")
  func hostNames() async throws {
    try await TestServer.withDatabase { database async throws in
      let given = try ConnectionParameters(database.configuration)
      let port = try #require(given.targets.first?.port)
      var configuration = database.configuration
      configuration.connectionString = "host=localhost,localhost port=9,\(port) user=postgres dbname=postgres"
      let named = try PostgresDatabase(configuration: configuration, group: Loops.shared, logger: quiet)
      #expect(try await named.read("select 1::bigint")[0].int64(0) == 1)
      await named.shutdown()
    }
  }
}
