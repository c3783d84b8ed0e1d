import EventLoops
import Synchronization
import TestKit
import Testing

@testable import Postgres

@Suite struct TransactionTests {
  private static let insert = PostgresStatement(name: "insert", sql: "insert into t (n, s) values ($1, $2)")
  private static let schema = """
    create table t (
      n bigint primary key,
      s varchar(5) not null constraint s_not_empty check (length(s) > 0),
      other bigint constraint other_exists references t)
    """

  private struct Abort: Error {}

  private final class Crossing: Sendable {
    let locked = Mutex<Set<Int64>>([])
    let runs = Mutex(0)
  }

  private func count(_ database: PostgresDatabase) async throws -> Int64 {
    try await database.read("select count(*) from t")[0].int64(0)
  }

  @Test("what is done is kept when the body returns, and its value is given")
  func commits() async throws {
    try await TestServer.withDatabase { database async throws in
      try await database.script(Self.schema)
      let changed = try await Loops.run {
        try await database.withTransaction(deadline: .after(patience)) { transaction in
          let one = try await transaction.execute(Self.insert, [.int8(1), .text("a")])
          return one + (try await transaction.execute(Self.insert, [.int8(2), .text("b")]))
        }
      }
      #expect(changed == 2)
      #expect(try await count(database) == 2)
      #expect(try await database.withTransaction(deadline: .after(patience)) { _ in 7 } == 7)
    }
  }

  @Test("what goes with the commit is done with it, in the order it was said, also where nothing else is")
  func withCommit() async throws {
    try await TestServer.withDatabase { database async throws in
      try await database.script(Self.schema)
      try await Loops.run {
        try await database.withTransaction(deadline: .after(patience)) { transaction in
          try transaction.enqueue(Self.insert, [.int8(2), .text("b")])
          try transaction.enqueue(
            PostgresStatement(name: "refer", sql: "insert into t (n, s, other) values (3, 'c', 2)")
          )
          try await transaction.execute(Self.insert, [.int8(1), .text("a")])
        }
        try await database.withTransaction(deadline: .after(patience)) { transaction in
          try transaction.enqueue(Self.insert, [.int8(4), .text("d")])
        }
      }
      #expect(try await count(database) == 4)
    }
  }

  @Test(
    "what fails with the commit leaves nothing of its transaction, is told by its name, and costs no connection"
  )
  func failsWithCommit() async throws {
    try await TestServer.withDatabase { database async throws in
      try await database.script(Self.schema)
      for _ in 0..<3 {
        let error = await #expect(throws: PostgresError.self) {
          try await database.withTransaction(deadline: .after(patience)) { transaction in
            try await transaction.execute(Self.insert, [.int8(1), .text("a")])
            try transaction.enqueue(Self.insert, [.int8(1), .text("b")])
            try transaction.enqueue(Self.insert, [.int8(2), .text("c")])
          }
        }
        #expect(error?.kind == .uniqueViolation)
        #expect(error?.statement == "insert")
      }
      #expect(try await count(database) == 0)
      // The connection was rolled back and kept.
      #expect(await database.statistics().transactions.idle >= 1)
      try await database.withTransaction(deadline: .after(patience)) { transaction in
        try transaction.enqueue(Self.insert, [.int8(1), .text("a")])
      }
      #expect(try await count(database) == 1)
    }
  }

  @Test("nothing is kept when the body throws, and its error comes through")
  func rollsBack() async throws {
    try await TestServer.withDatabase { database async throws in
      try await database.script(Self.schema)
      await #expect(throws: Abort.self) {
        try await database.withTransaction(deadline: .after(patience)) { transaction in
          try await transaction.execute(Self.insert, [.int8(1), .text("a")])
          throw Abort()
        }
      }
      #expect(try await count(database) == 0)
      #expect(await database.statistics().transactions.idle >= 1)
    }
  }

  @Test(
    "violations are told apart and name their constraint",
    arguments: [
      ("insert into t (n, s) values (1, 'b')", PostgresError.Kind.uniqueViolation, "t_pkey"),
      ("insert into t (n, s) values (2, '')", .checkViolation, "s_not_empty"),
      ("insert into t (n, s, other) values (2, 'b', 9)", .foreignKeyViolation, "other_exists"),
      ("insert into t (n) values (2)", .notNullViolation, nil),
      ("insert into t (n, s) values (2, 'longer than five')", .stringTooLong, nil),
      ("select 'x'::bigint", .invalidText, nil),
      ("select 9223372036854775807 + 1", .outOfRange, nil),
      ("selec", .other, nil),
    ] as [(String, PostgresError.Kind, String?)]
  )
  func violations(sql: String, kind: PostgresError.Kind, constraint: String?) async throws {
    try await TestServer.withDatabase { database async throws in
      try await database.script(Self.schema + "; insert into t values (1, 'a')")
      let error = await postgresError {
        try await database.withTransaction(deadline: .after(patience)) { transaction in
          try await transaction.execute(PostgresStatement(name: "violate", sql: sql))
        }
      }
      #expect(error?.kind == kind)
      #expect(error?.constraint == constraint)
      #expect(error?.statement == "violate")
      #expect(try await count(database) == 1)
    }
  }

  @Test("a commit after a failure that the body ignored is an error, not a silent rollback")
  func swallowedFailure() async throws {
    try await TestServer.withDatabase { database async throws in
      try await database.script(Self.schema)
      let error = await postgresError {
        try await database.withTransaction(deadline: .after(patience)) { transaction in
          try await transaction.execute(Self.insert, [.int8(1), .text("a")])
          _ = try? await transaction.execute(Self.insert, [.int8(1), .text("a")])
        }
      }
      #expect(error?.kind == .transactionAborted)
      #expect(try await count(database) == 0)
    }
  }

  @Test("a constraint checked at commit fails the transaction with its own kind")
  func deferred() async throws {
    try await TestServer.withDatabase { database async throws in
      try await database.script("create table d (n bigint unique deferrable initially deferred)")
      let error = await postgresError {
        try await database.withTransaction(deadline: .after(patience)) { transaction in
          try await transaction.execute(PostgresStatement(name: "two", sql: "insert into d values (1), (1)"))
        }
      }
      #expect(error?.kind == .uniqueViolation)
      #expect(await database.statistics().transactions.idle >= 1)
    }
  }

  @Test("serialization failures and deadlocks are run again")
  func clashes() async throws {
    try await TestServer.withDatabase { database async throws in
      try await database.script(Self.schema + "; insert into t values (1, 'a'), (2, 'b')")
      let read = PostgresStatement(name: "read", sql: "select s from t where n = 1")
      let update = PostgresStatement(name: "update", sql: "update t set s = 'c' where n = $1")
      var clashes = 0
      let serialization = await postgresError {
        try await database.withTransaction(isolation: .repeatableRead, deadline: .after(patience)) { first in
          clashes += 1
          _ = try await first.query(read)
          try await database.withTransaction(deadline: .after(patience)) { second in
            try await second.execute(update, [.int8(1)])
          }
          try await first.execute(update, [.int8(1)])
        }
      }
      #expect(serialization?.kind == .serializationFailure)
      #expect(serialization?.isRetriable ?? false)
      #expect(clashes == 1 + Reruns.limit)

      // Each has what the other wants: the server ends one of them, which is run again once the other is through.
      let crossing = Crossing()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (one, other) in [(1, 2), (2, 1)] as [(Int64, Int64)] {
          group.addTask {
            try await database.withTransaction(deadline: .after(patience)) { transaction in
              crossing.runs.withLock { $0 += 1 }
              try await transaction.execute(update, [.int8(one)])
              crossing.locked.withLock { _ = $0.insert(one) }
              try await eventually("the other has its row") {
                crossing.locked.withLock { $0.contains(other) }
              }
              try await transaction.execute(update, [.int8(other)])
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(crossing.runs.withLock { $0 } == 3)
    }
  }

  @Test("a cancelled transaction is rolled back and stopped at the server")
  func cancellation() async throws {
    try await TestServer.withDatabase { database async throws in
      try await database.script(Self.schema)
      let task = Task(executorPreference: Loops.shared.loops[0]) {
        await postgresError {
          try await database.withTransaction(deadline: .after(patience)) { transaction in
            try await transaction.execute(Self.insert, [.int8(1), .text("a")])
            _ = try await transaction.query(PostgresStatement(name: "slow", sql: "select pg_sleep(60)"))
          }
        }
      }
      try await eventually("the statement runs") {
        try await database.isSleeping()
      }
      task.cancel()
      #expect(await task.value?.kind == .cancelled)
      try await eventually("the server has stopped sleeping") {
        try await !database.isSleeping()
      }
      #expect(try await count(database) == 0)
    }
  }

  @Test("a task cancelled between two statements does not commit")
  func cancelledBeforeCommit() async throws {
    try await TestServer.withDatabase { database async throws in
      try await database.script(Self.schema)
      let task = Task(executorPreference: Loops.shared.loops[0]) {
        await postgresError {
          try await database.withTransaction(deadline: .after(patience)) { transaction in
            try await transaction.execute(Self.insert, [.int8(1), .text("a")])
            withUnsafeCurrentTask { $0?.cancel() }
          }
        }
      }
      #expect(await task.value?.kind == .cancelled)
      #expect(try await count(database) == 0)
      #expect(await database.statistics().transactions.idle >= 1)
    }
  }

  @Test("a statement past the deadline ends the transaction at the server too")
  func deadline() async throws {
    try await TestServer.withDatabase { database async throws in
      try await database.script(Self.schema)
      let error = await postgresError {
        try await database.withTransaction(deadline: .after(.seconds(2))) { transaction in
          try await transaction.execute(Self.insert, [.int8(1), .text("a")])
          _ = try await transaction.query(PostgresStatement(name: "slow", sql: "select pg_sleep(60)"))
        }
      }
      #expect(error?.kind == .timedOut)
      try await eventually("the server has stopped sleeping") {
        try await !database.isSleeping()
      }
      #expect(try await count(database) == 0)
    }
  }

  @Test("no more transactions run at once than there are connections, and who waits too long is told")
  func leaseBound() async throws {
    try await TestServer.withDatabase({
      $0.transactionConnectionsPerLoop = 2
      $0.leaseTimeout = .seconds(3)
    }) { database async throws in
      try await Loops.run {
        let holders = (0..<2).map { _ in
          Task(executorPreference: Loops.shared.loops[0]) {
            while !Task.isCancelled {
              _ = try? await database.withTransaction(deadline: .after(patience)) { transaction in
                try await transaction.execute(PostgresStatement(name: "hold", sql: "select pg_sleep(60)"))
              }
            }
          }
        }
        try await eventually("both are lent") { await database.statistics().transactions.inUse == 2 }
        let third = await postgresError {
          try await database.withTransaction(deadline: .after(patience)) { _ in }
        }
        #expect(third?.kind == .poolTimeout)
        let waiting = Task(executorPreference: Loops.shared.loops[0]) {
          await postgresError { try await database.withTransaction(deadline: .after(patience)) { _ in } }
        }
        try await eventually("it waits") { await database.statistics().transactions.waiting == 1 }
        waiting.cancel()
        #expect(await waiting.value?.kind == .cancelled)
        for holder in holders { holder.cancel() }
        for holder in holders { await holder.value }
        try await eventually("a connection is lent again") {
          await postgresError { try await database.withTransaction(deadline: .after(patience)) { _ in } }
            == nil
        }
      }
    }
  }

  @Test("leases are lent in the order they were asked for, and all come back")
  func fairness() async throws {
    try await TestServer.withDatabase({ $0.transactionConnectionsPerLoop = 1 }) { database async throws in
      try await database.script("create table log (position bigserial, n bigint)")
      try await Loops.run {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for number in 0..<50 as Range<Int64> {
            group.addTask(executorPreference: Loops.shared.loops[0]) {
              try await database.withTransaction(deadline: .after(patience)) { transaction in
                _ = try await transaction.execute(
                  PostgresStatement(name: "log", sql: "insert into log (n) values ($1)"),
                  [.int8(number)]
                )
              }
            }
          }
          try await group.waitForAll()
        }
      }
      let order = try await database.read("select array_agg(n order by position) from log")[0].int64Array(0)
      #expect(order == Array(0..<50))
      let now = await database.statistics().transactions
      #expect(now.inUse == 0 && now.waiting == 0)
    }
  }

  @Test("a transaction used after its end is refused")
  func misuse() async throws {
    try await TestServer.withDatabase { database async throws in
      let kept = try await database.withTransaction(deadline: .after(patience)) { $0 }
      let error = await postgresError {
        try await kept.execute(PostgresStatement(name: "late", sql: "select 1"))
      }
      #expect(error?.kind == .misuse)
    }
  }

  @Test(
    "what was refused on a connection that may only read is run again on another, and none of them is kept"
  )
  func readOnlyServer() async throws {
    try await TestServer.withDatabase({ $0.transactionConnectionsPerLoop = 8 }) { database async throws in
      try await Loops.run {
        // On this loop, so that every connection is among its eight.
        try await database.script(Self.schema)
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<8 {
            group.addTask(executorPreference: Loops.shared.loops[0]) {
              try await database.withTransaction(deadline: .after(patience)) { transaction in
                try await transaction.execute(
                  PostgresStatement(name: "demote", sql: "set session default_transaction_read_only = on")
                )
                _ = try await transaction.query(
                  PostgresStatement(name: "stay", sql: "select pg_sleep(1)")
                )
              }
            }
          }
          try await group.waitForAll()
        }
        #expect(await database.statistics().transactions.idle == 8)
        try await database.withTransaction(deadline: .after(patience)) { transaction in
          try await transaction.execute(Self.insert, [.int8(1), .text("a")])
        }
        #expect(await database.statistics().transactions.idle == 1)
      }
      #expect(try await count(database) == 1)
    }
  }
}
