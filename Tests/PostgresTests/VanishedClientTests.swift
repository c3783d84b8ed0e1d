import EventLoops
import Glibc
import PrivateCluster
import TestKit
import Testing
import Time

@testable import Postgres

@Suite("What the server ends when a client is heard of no more", .serialized)
struct VanishedClientTests {
  private static let update = PostgresStatement(name: "update", sql: "update t set n = n + $1")

  @Test("a transaction that says nothing ends with its locks, and commits nothing when it goes on")
  func idleInTransaction() async throws {
    try await TestServer.withDatabase({ $0.idleInTransactionTimeout = .seconds(1) }) {
      database async throws in
      try await database.script("create table t (n bigint); insert into t values (0)")
      let (gate, opener) = AsyncStream.makeStream(of: Void.self)
      let (held, holds) = AsyncStream.makeStream(of: Void.self)
      let frozen = Task(executorPreference: Loops.shared.loops[0]) {
        await postgresError {
          try await database.withTransaction(deadline: .after(patience)) { transaction in
            try await transaction.execute(Self.update, [.int8(1)])
            holds.finish()
            for await _ in gate {}
            try await transaction.execute(Self.update, [.int8(1)])
          }
        }
      }
      for await _ in held {}
      let start = MonotonicInstant.now()
      try await database.withTransaction(deadline: .after(patience)) { transaction in
        try await transaction.execute(Self.update, [.int8(10)])
      }
      #expect(MonotonicInstant.now().duration(since: start) < .seconds(5))
      opener.finish()
      let error = await frozen.value
      #expect(error?.kind == .connectionLost)
      #expect(error?.isTemporary == true)
      #expect(try await database.read("select n from t")[0].int64(0) == 10)
    }
  }

  @Test("every session tells the server when to give its client up")
  func settings() async throws {
    let names = [
      "idle_in_transaction_session_timeout", "lock_timeout", "client_connection_check_interval",
      "tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "tcp_user_timeout",
    ]
    let expected = ["15s", "18s", "5s", "5", "3", "3", "15000"]
    try await TestServer.withDatabase { database async throws in
      for (name, value) in zip(names, expected) {
        let show = PostgresStatement(name: "show", sql: "show \(name)", isPrepared: false)
        #expect(try await database.query(show, deadline: .after(patience))[0].text(0) == value, "\(name)")
        try await database.withTransaction(deadline: .after(patience)) { transaction async throws in
          #expect(try await transaction.query(show)[0].text(0) == value, "\(name)")
        }
      }
    }
  }

  @Test(
    "while a migration runs, a session that says nothing is ended too, and waits for others as long as it may"
  )
  func migration() async throws {
    try await TestServer.withDatabase { database async throws in
      try await database.withSession(deadline: .after(patience), isForOnce: true) { session async throws in
        try await SchemaHistory(session: session, module: "test").lock()
        let show = { (name: String) in PostgresStatement(name: "show", sql: "show \(name)", isPrepared: false)
        }
        #expect(try await session.query(show("idle_session_timeout"))[0].text(0) == "15s")
        #expect(try await session.query(show("lock_timeout"))[0].text(0) == "0")
      }
      // The next caller has a session of its own.
      try await database.withSession(deadline: .after(patience)) { session async throws in
        let show = PostgresStatement(name: "show", sql: "show lock_timeout", isPrepared: false)
        #expect(try await session.query(show)[0].text(0) == "18s")
      }
    }
  }

  @Test("a wait for a lock is told as what it is, before the statement's time is up")
  func lockTimeout() async throws {
    try await TestServer.withDatabase({ $0.statementTimeout = .seconds(1) }) { database async throws in
      try await database.script("create table t (n bigint); insert into t values (0)")
      try await database.withTransaction(deadline: .after(patience)) { transaction in
        try await transaction.execute(Self.update, [.int8(1)])
        let error = await postgresError {
          try await database.withTransaction(deadline: .after(patience)) { other in
            try await other.execute(Self.update, [.int8(1)])
          }
        }
        #expect(error?.kind == .lockNotAvailable)
        #expect(error?.isTemporary == true)
      }
    }
  }

  /// Runs `body` with a server whose processes may be stopped: nobody else waits for them.
  private static func withCluster(
    readConnections: Int,
    _ body: @escaping @Sendable (PostgresDatabase) async throws -> Void
  ) async throws {
    let cluster = try await PrivateCluster()
    do {
      var configuration = PostgresConfiguration(connectionString: cluster.connectionString)
      configuration.readConnectionsPerLoop = readConnections
      let database = try PostgresDatabase(configuration: configuration, group: Loops.shared, logger: quiet)
      do { try await Loops.run { try await body(database) } } catch {
        await database.shutdown()
        throw error
      }
      await database.shutdown()
    } catch {
      await cluster.remove()
      throw error
    }
    await cluster.remove()
  }

  /// A read that is in flight on the session of `backend`, which is stopped first.
  private static func readOnFrozen(
    _ backend: pid_t,
    _ database: PostgresDatabase,
    deadline: MonotonicInstant
  ) async throws -> Task<PostgresError?, Never> {
    kill(backend, SIGSTOP)
    let task = Task(executorPreference: Loops.shared.loops[0]) {
      await postgresError { _ = try await database.query(known, deadline: deadline) }
    }
    try await eventually("it is in flight") { await database.statistics().reads.inFlight == 1 }
    return task
  }

  private static let known = PostgresStatement(name: "known", sql: "select pg_backend_pid()::bigint")

  private static func onlyBackend(_ database: PostgresDatabase) async throws -> pid_t {
    // One that is being closed may hold what the whole server waits for.
    try await eventually("nothing else is open") {
      let count = "select count(*) from pg_stat_activity where backend_type = 'client backend'"
      return try await database.read(count)[0].int64(0) == 1
    }
    return pid_t(try await database.query(known, deadline: .after(patience))[0].int64(0))
  }

  @Test("who waits is served by the next session, however the last one ends")
  func frozenBackend() async throws {
    try await Self.withCluster(readConnections: 1) { database in
      var times: [Duration] = []
      for _ in 0..<5 {
        let backend = try await Self.onlyBackend(database)
        let gone = try await Self.readOnFrozen(backend, database, deadline: .after(patience))
        gone.cancel()
        #expect(await gone.value?.kind == .cancelled)
        let start = MonotonicInstant.now()
        _ = try await database.query(Self.known, deadline: .after(patience))
        times.append(MonotonicInstant.now().duration(since: start))
        kill(backend, SIGCONT)
      }
      #expect(times.sorted()[2] <= .milliseconds(100), "\(times)")
    }
  }

  @Test(
    "a frozen session costs the caller whose statement it holds; others go on, whatever they ask",
    arguments: [1, 2]
  )
  func frozenSession(readConnections: Int) async throws {
    try await Self.withCluster(readConnections: readConnections) { database in
      let slow = PostgresStatement(name: "slow", sql: "select pg_sleep(0.1)::text")
      for _ in 0..<3 { _ = try await database.query(slow, deadline: .after(patience)) }
      var pids: Set<pid_t> = []
      for _ in 0..<20 {
        pids.insert(pid_t(try await database.query(Self.known, deadline: .after(patience))[0].int64(0)))
      }
      let backend = try #require(pids.first)
      defer { kill(backend, SIGCONT) }
      let start = MonotonicInstant.now()
      let held = try await Self.readOnFrozen(backend, database, deadline: start + .seconds(3))
      var times: [Duration] = []
      while MonotonicInstant.now() < start + .seconds(2) {
        let begin = MonotonicInstant.now()
        for statement in [Self.known, PostgresStatement(name: "first", sql: "select 1"), Self.known] {
          _ = try await database.query(statement, deadline: begin + .seconds(1))
        }
        times.append(MonotonicInstant.now().duration(since: begin))
        // One that needs a session to itself waits until the frozen one counts as that.
        _ = try await database.query(slow, deadline: begin + .seconds(2))
      }
      #expect(times.sorted()[times.count / 2] <= .milliseconds(100), "\(times)")
      #expect(times.allSatisfy { $0 < .seconds(1) }, "\(times)")
      #expect(await held.value?.kind == .timedOut)
      try await eventually("the frozen session is given up", within: .seconds(10)) {
        // One more than there should be is closed when it has answered.
        _ = try await database.query(Self.known, deadline: .after(.seconds(1)))
        let reads = await database.statistics().reads
        return reads.inFlight == 0 && reads.idle <= readConnections
      }
    }
  }
}
