import EventLoops
import Synchronization
import Testing
import Text
import Time

@testable import Postgres

@Suite("What is run again after a failure that passes, and what is not")
struct RerunTests {
  /// Raises an error of any SQLSTATE a number of times, counted outside of transactions.
  private static let schema = """
    create table t (n bigint, s varchar(5));
    create table wanted (code text, times int);
    create sequence raised;
    create function trouble() returns trigger language plpgsql as $$
      declare wish record;
      begin
        select * into wish from wanted;
        if found and nextval('raised') <= wish.times then
          raise exception 'trouble' using errcode = wish.code;
        end if;
        return new;
      end $$;
    """
  private static let insert = PostgresStatement(name: "insert", sql: "insert into t values ($1, $2)")

  /// Inserts a row while `code` is raised `times` times.
  /// - Returns: the error, how often the body ran, and how many rows there are.
  private static func insert(
    raising code: String,
    _ times: Int,
    trigger: String = "create trigger trouble before insert on t for each row execute function trouble()",
    _ body: (@Sendable (PostgresTransaction) async throws -> Void)? = nil
  ) async throws -> (error: PostgresError?, runs: Int, rows: Int64) {
    var result: (PostgresError?, Int, Int64) = (nil, 0, 0)
    try await TestServer.withDatabase { database async throws in
      try await database.script(
        schema + trigger + ";" + "insert into wanted values ('\(code)', \(times))"
      )
      var runs = 0
      let error = await postgresError {
        try await database.withTransaction(deadline: .after(patience)) { transaction in
          runs += 1
          if let body {
            try await body(transaction)
          } else {
            try await transaction.execute(insert, [.int8(1), .text("a")])
          }
        }
      }
      result = (error, runs, try await database.read("select count(*) from t")[0].int64(0))
    }
    return result
  }

  @Test(
    "a transaction that did nothing is run again from its start, and at most three times",
    arguments: ["40001", "40P01", "25006", "26000"]
  )
  func again(code: String) async throws {
    for times in 0...3 {
      let (error, runs, rows) = try await Self.insert(raising: code, times)
      #expect(error == nil, "\(times) times")
      #expect(runs == times + 1)
      #expect(rows == 1)
    }
    let (error, runs, rows) = try await Self.insert(raising: code, 1000)
    #expect(error?.sqlState == code)
    #expect(error?.isTemporary == true)
    #expect(runs == 4)
    #expect(rows == 0)
  }

  @Test(
    "what need not pass at once is not run again, and passes all the same",
    arguments: [
      "40002", "40003", "53000", "53100", "53200", "53300", "53400", "55P03", "57014", "58000", "58030",
      "58P01", "57P01", "57P03", "08006", "25P03",
    ]
  )
  func later(code: String) async throws {
    let (error, runs, rows) = try await Self.insert(raising: code, 1)
    #expect(error?.isTemporary == true)
    #expect(runs == 1)
    #expect(rows == 0)
  }

  @Test(
    "what stays is neither run again nor called passing",
    arguments: ["23505", "22012", "0A000", "42703", "XX000", "P0001", "22021"]
  )
  func lasting(code: String) async throws {
    let (error, runs, _) = try await Self.insert(raising: code, 1)
    #expect(error?.isTemporary == false)
    #expect(runs == 1)
  }

  @Test("a COMMIT that the server refused is run again; one whose answer was lost is not")
  func commit() async throws {
    let deferred = """
      create constraint trigger trouble after insert on t deferrable initially deferred
        for each row execute function trouble()
      """
    let refused = try await Self.insert(raising: "40001", 1, trigger: deferred)
    #expect(refused.error == nil && refused.runs == 2 && refused.rows == 1)
    let lost = try await Self.insert(raising: "57P01", 1, trigger: deferred)
    #expect(lost.error?.kind == .commitUnknown && lost.runs == 1)
    #expect(lost.error?.isTemporary == false && lost.error?.isRetriable == false)
  }

  @Test("a failure that the body did not pass on is run again, too")
  func swallowed() async throws {
    let (error, runs, rows) = try await Self.insert(raising: "40001", 1) { transaction in
      _ = try? await transaction.execute(Self.insert, [.int8(1), .text("a")])
    }
    #expect(error == nil && runs == 2 && rows == 1)
  }

  @Test("a caller who has gone, and a deadline, end it")
  func ended() async throws {
    try await TestServer.withDatabase { database async throws in
      try await database.script(
        Self.schema + "insert into wanted values ('40001', 1000);"
          + "create trigger trouble before insert on t for each row execute function trouble()"
      )
      let runs = Mutex(0)
      let task = Task {
        await postgresError {
          try await database.withTransaction(deadline: .after(patience)) { transaction in
            let run = runs.withLock { runs in
              runs += 1
              return runs
            }
            withUnsafeCurrentTask { if run == 2 { $0?.cancel() } }
            try await transaction.execute(Self.insert, [.int8(1), .text("a")])
          }
        }
      }
      #expect(await task.value != nil)
      #expect(runs.withLock { $0 } == 2)
    }
    var reruns = Reruns()
    let clash = PostgresError(.serializationFailure)
    #expect(await reruns.areWorthwhile(after: clash, deadline: .now(), clock: Loops.shared) == false)
  }

  @Test("pauses grow, are drawn by chance, and are none for a plan that is to be made again")
  func pauses() {
    for _ in 0..<100 {
      var reruns = Reruns()
      let pauses = (0..<4).map { _ in reruns.pause(after: PostgresError(.deadlock)) }
      #expect(pauses[3] == nil)
      for (index, longest) in [5, 20, 80].enumerated() {
        guard let pause = pauses[index] else { return #expect(Bool(false)) }
        #expect(pause >= .milliseconds(longest) / 2 && pause <= .milliseconds(longest))
      }
    }
    var reruns = Reruns()
    #expect(reruns.pause(after: PostgresError(.other, sqlState: "26000")) == .zero)
    #expect(reruns.pause(after: PostgresError(.timedOut)) == nil)
  }

  @Test(
    "a table that changes under prepared statements disturbs no transaction, whichever connection it gets"
  )
  func changedTable() async throws {
    try await TestServer.withDatabase({ $0.transactionConnectionsPerLoop = 8 }) { database async throws in
      try await database.script("create table t (n bigint, s varchar(5)); insert into t values (1, 'a')")
      let read = PostgresStatement(name: "lock", sql: "select n, s from t for update skip locked")
      let change = PostgresStatement(name: "change", sql: "update t set n = n returning n, s")
      @Sendable func runs() async throws -> Int {
        var runs = 0
        try await database.withTransaction(deadline: .after(patience)) { transaction in
          runs += 1
          _ = try await transaction.query(read)
          _ = try await transaction.query(change)
        }
        return runs
      }
      try await Loops.run {
        for round in 0..<4 {
          // Each connection prepares both.
          let all = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<24 { group.addTask(executorPreference: Loops.shared.loops[0]) { try await runs() } }
            return try await group.reduce(into: []) { $0.append($1) }
          }
          if round == 0 { #expect(all.allSatisfy { $0 == 1 }) }
          try await database.script("alter table t alter s type varchar(\(6 + round))")
          #expect(try await runs() == 2)
          #expect(try await runs() == 1)
        }
      }
    }
  }

  @Test("reads are run again, too: after a clash, and on whichever connection the plan is given up")
  func reads() async throws {
    try await TestServer.withDatabase({ $0.readConnectionsPerLoop = 3 }) { database async throws in
      try await database.script(
        """
        create table t (n bigint, s varchar(5));
        insert into t values (1, 'a');
        create function trouble(code text, times int) returns boolean language plpgsql as $$
          declare seen int;
          begin
            -- Advisory locks outlive what fails, in a session that may only read, too.
            select count(*) into seen from pg_locks where locktype = 'advisory' and classid = 4711;
            if seen < times then
              perform pg_advisory_lock(4711, seen);
              raise exception 'trouble' using errcode = code;
            end if;
            return true;
          end $$
        """
      )
      let clash = PostgresStatement(name: "clash", sql: "select trouble($1, $2)")
      for (code, times, passes) in [("40001", 3, true), ("40P01", 7, false), ("53200", 8, false)] {
        let before = try await database.read(
          "select count(*)::bigint from pg_locks where locktype = 'advisory' and classid = 4711"
        )[0].int64(0)
        let error = await postgresError {
          try await Loops.run {
            try await database.query(
              clash,
              [.text(code), .int4(Int32(before) + Int32(times))],
              deadline: .after(patience)
            )
          }
        }
        #expect((error == nil) == passes, "\(code): \(String(describing: error))")
        if !passes { #expect(error?.isTemporary == true) }
      }
      let read = PostgresStatement(name: "read", sql: "select n, s from t")
      let slow = PostgresStatement(name: "slow", sql: "select n, s, pg_sleep(0.06)::text from t")
      try await Loops.run {
        for round in 0..<6 {
          // Slow ones open every connection.
          try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<12 {
              group.addTask(executorPreference: Loops.shared.loops[0]) {
                let statement = index.isMultiple(of: 3) ? slow : read
                _ = try await database.query(statement, deadline: .after(patience))
              }
              try await Task.sleep(for: .milliseconds(5))
            }
            try await group.waitForAll()
          }
          try await database.script("alter table t alter s type varchar(\(6 + round))")
        }
      }
    }
  }
}
