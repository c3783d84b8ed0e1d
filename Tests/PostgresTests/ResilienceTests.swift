import EventLoops
import PrivateCluster
import Synchronization
import TestKit
import Testing

@testable import Postgres

/// What reading tasks have met.
private final class Tally: Sendable {
  private let state: Mutex<(successes: [Int], failures: [PostgresError])>
  let isOver = Atomic<Bool>(false)

  init(tasks: Int) { state = Mutex((Array(repeating: 0, count: tasks), [])) }

  /// By task.
  var successes: [Int] { state.withLock { $0.successes } }
  var failures: [PostgresError] { state.withLock { $0.failures } }

  func note(_ error: PostgresError?, by task: Int) {
    state.withLock { state in
      if let error { state.failures.append(error) } else { state.successes[task] += 1 }
    }
  }

  /// Waits until every task has read `count` more times, so that each has met what was done before.
  func progress(by count: Int) async throws {
    let before = successes
    try await eventually("reads go on in every task", within: patience) {
      zip(before, successes).allSatisfy { $0 + count <= $1 }
    }
  }
}

@Suite(.serialized) struct ResilienceTests {
  /// Reads from both loops until `tally.isOver`.
  private func load(_ database: PostgresDatabase, _ tally: Tally) -> [Task<Void, Never>] {
    tally.successes.indices.map { index in
      Task(executorPreference: Loops.shared.loops[index % 2]) {
        var number: Int64 = 0
        while !tally.isOver.load(ordering: .relaxed) {
          number += 1
          let expected = number
          let error = await postgresError {
            let value = try await database.read("select $1", [.int8(expected)])[0].int64(0)
            if value != expected { throw PostgresError(.other, detail: "another's answer") }
          }
          tally.note(error, by: index)
          if error != nil { try? await Task.sleep(for: .milliseconds(5)) }
        }
      }
    }
  }

  @Test("reads survive killed backends, again and again")
  func killedBackends() async throws {
    try await TestServer.withDatabase { database async throws in
      let tally = Tally(tasks: 16)
      let tasks = load(database, tally)
      for _ in 0..<20 {
        try await tally.progress(by: 20)
        try await database.terminateBackends()
      }
      try await tally.progress(by: 20)
      tally.isOver.store(true, ordering: .relaxed)
      for task in tasks { await task.value }
      #expect(tally.failures.isEmpty)
    }
  }

  @Test("a transaction on a killed backend fails as lost, and the next one works")
  func killedTransaction() async throws {
    try await TestServer.withDatabase { database async throws in
      try await database.script("create table t (n bigint)")
      let error = await postgresError {
        try await database.withTransaction(deadline: .after(patience)) { transaction in
          try await transaction.execute(PostgresStatement(name: "insert", sql: "insert into t values (1)"))
          try await database.terminateBackends()
          try await transaction.execute(PostgresStatement(name: "insert", sql: "insert into t values (2)"))
        }
      }
      #expect(error?.kind == .connectionLost)
      try await database.withTransaction(deadline: .after(patience)) { transaction in
        try await transaction.execute(PostgresStatement(name: "insert", sql: "insert into t values (3)"))
      }
      #expect(try await database.read("select array_agg(n) from t")[0].int64Array(0) == [3])
    }
  }

  @Test("a commit whose answer is lost is unknown")
  func lostCommit() async throws {
    try await TestServer.withDatabase { database async throws in
      // The check at commit time sleeps, so that the backend can be ended while it commits.
      try await database.script(
        """
        create table t (n bigint);
        create function slow() returns trigger language plpgsql as
          $$ begin perform pg_sleep(60); return null; end $$;
        create constraint trigger slow after insert on t deferrable initially deferred
          for each row execute function slow()
        """
      )
      let task = Task(executorPreference: Loops.shared.loops[0]) {
        await postgresError {
          try await database.withTransaction(deadline: .after(patience)) { transaction in
            try await transaction.execute(PostgresStatement(name: "insert", sql: "insert into t values (1)"))
          }
        }
      }
      try await eventually("the commit runs") {
        try await database.isSleeping()
      }
      try await database.terminateBackends()
      #expect(await task.value?.kind == .commitUnknown)
    }
  }

  @Test("a backend that ends while nothing runs is replaced without anybody noticing")
  func killedIdle() async throws {
    try await TestServer.withDatabase { database async throws in
      try await Loops.run {
        _ = try await database.read("select 1")
        try await database.withTransaction(deadline: .after(patience)) { _ in }
        try await database.terminateBackends()
        #expect(try await database.read("select 1::bigint")[0].int64(0) == 1)
        try await database.terminateBackends()
      }
    }
  }

  @Test("an idle connection is closed")
  func idle() async throws {
    try await TestServer.withDatabase({ $0.idleTimeout = .milliseconds(50) }) { database async throws in
      try await database.withTransaction(deadline: .after(patience)) { _ in }
      try await eventually("the connection is closed") { await database.statistics().transactions.total == 0 }
    }
  }

  @Test("an old connection is not used again, and is closed when it is given back")
  func old() async throws {
    try await TestServer.withDatabase({ $0.maximumConnectionAge = .milliseconds(50) }) {
      database async throws in
      let first = try await database.backendOfTransaction()
      try await eventually("the old one is not used") { try await database.backendOfTransaction() != first }
      // The transaction takes longer than a connection may grow old, so it is old when it comes back.
      try await database.withTransaction(deadline: .after(patience)) { transaction in
        _ = try await transaction.query(PostgresStatement(name: "slow", sql: "select pg_sleep(0.1)"))
      }
      try await eventually("the connection is closed") { await database.statistics().transactions.total == 0 }
    }
  }

  @Test(
    "a restarted server is used again under load, by reads and transactions",
    arguments: ["fast", "immediate"]
  )
  func restart(mode: String) async throws {
    let cluster = try await PrivateCluster()
    do {
      try await restart(cluster, mode)
    } catch {
      await cluster.remove()
      throw error
    }
    await cluster.remove()
  }

  private func restart(_ cluster: PrivateCluster, _ mode: String) async throws {
    let database = try PostgresDatabase(
      configuration: PostgresConfiguration(connectionString: cluster.connectionString),
      group: Loops.shared,
      logger: quiet
    )
    try await database.script("create table t (n bigint)")
    let tally = Tally(tasks: 16)
    let tasks = load(database, tally)
    try await tally.progress(by: 20)
    try await cluster.stop(mode: mode)
    try await cluster.start()
    try await tally.progress(by: 20)
    try await eventually("writes go on after the restart", within: patience) {
      await postgresError {
        try await database.withTransaction(deadline: .after(patience)) { transaction in
          try await transaction.execute(PostgresStatement(name: "insert", sql: "insert into t values (1)"))
        }
      } == nil
    }
    tally.isOver.store(true, ordering: .relaxed)
    for task in tasks { await task.value }
    #expect(tally.failures.allSatisfy { $0.isTemporary })
    try await eventually("everything is given back", within: patience) {
      let now = await database.statistics()
      return now.reads.inFlight == 0 && now.transactions.inUse == 0
    }
    await database.shutdown()
  }

  @Test("over TLS, with the server's name verified, large and many answers arrive whole")
  func tls() async throws {
    let cluster = try await PrivateCluster(hasTLS: true)
    do {
      var configuration = PostgresConfiguration(connectionString: cluster.tlsConnectionString)
      configuration.leaseTimeout = patience
      configuration.readConnectionsPerLoop = 1
      let database = try PostgresDatabase(configuration: configuration, group: Loops.shared, logger: quiet)
      let usesTLS = try await database.read("select ssl from pg_stat_ssl where pid = pg_backend_pid()")[0]
        .bool(0)
      #expect(usesTLS)
      let right = try await Loops.run {
        try await withThrowingTaskGroup(of: Bool.self) { group in
          for number in 0..<300 {
            group.addTask(executorPreference: Loops.shared.loops[0]) {
              let size = number % 50 == 0 ? 1_000_000 : number * 211
              let text = String(repeating: "x", count: size)
              return try await database.read("select $1 || $1", [.text(text)])[0].text(0).utf8.count == 2
                * size
            }
          }
          return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
      }
      #expect(right == 300)
      await database.shutdown()
    } catch {
      await cluster.remove()
      throw error
    }
    await cluster.remove()
  }

  @Test("pauses between tries grow to their limit, and the first retry has none")
  func backOff() {
    let limit = Duration.milliseconds(400)
    #expect(Connector.delay(afterFailures: 1, maximum: limit) == .zero)
    for failures in 2...100 {
      let delay = Connector.delay(afterFailures: failures, maximum: limit)
      #expect(delay > .zero && delay <= limit)
    }
    #expect(Connector.delay(afterFailures: 50, maximum: limit) >= limit * 0.5)
  }
}
