import EventLoops
import Synchronization
import TestKit
import Testing
import Time

@testable import Postgres

/// Holds a table's lock, as a deployment's DDL does, until it is told to let go.
private final class TableLock: Sendable {
  private let gate: AsyncStream<Void>.Continuation
  private let holder: Task<Void, any Error>

  init(_ table: String, _ database: PostgresDatabase) async throws {
    let (stream, gate) = AsyncStream.makeStream(of: Void.self)
    let (held, isHeld) = AsyncStream.makeStream(of: Void.self)
    self.gate = gate
    holder = Task(executorPreference: Loops.shared.loops[1]) {
      try await database.withTransaction(deadline: .after(patience)) { transaction in
        _ = try await transaction.query(
          PostgresStatement(name: "lock", sql: "lock table \(table) in access exclusive mode")
        )
        isHeld.finish()
        for await _ in stream {}
      }
    }
    for await _ in held {}
  }

  func release() async throws {
    gate.finish()
    try await holder.value
  }
}

@Suite("A slow read costs its own caller alone", .serialized)
struct SlowReadTests {
  private static let quick = PostgresStatement(name: "quick", sql: "select n from open where n = $1")
  private static let locked = (0..<8).map { number in
    PostgresStatement(name: "locked_\(number)", sql: "select count(*) from locked where n <> \(number)")
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let isQuickFirst: Bool
    let callerStays: Bool
    let connections: Int
    let isWarm: Bool
    var testDescription: String {
      "\(isQuickFirst ? "quick" : "slow") first, its caller \(callerStays ? "stays" : "goes"), "
        + "\(connections) connections, \(isWarm ? "warm" : "cold")"
    }
  }

  static let cases: [Case] = [true, false].flatMap { isQuickFirst in
    [true, false].flatMap { callerStays in
      [1, 2, 4].flatMap { connections in
        [true, false].map { isWarm in
          Case(
            isQuickFirst: isQuickFirst,
            callerStays: callerStays,
            connections: connections,
            isWarm: isWarm
          )
        }
      }
    }
  }

  /// A read by key on the first loop, and how long it took.
  private static func read(_ database: PostgresDatabase, _ number: Int64 = 1) async throws -> Duration {
    let start = MonotonicInstant.now()
    let rows = try await database.query(quick, [.int8(number)], deadline: .after(patience))
    #expect(try rows[0].int64(0) == number)
    return MonotonicInstant.now().duration(since: start)
  }

  private static func slow(_ database: PostgresDatabase, _ number: Int = 0) -> Task<PostgresError?, Never> {
    Task(executorPreference: Loops.shared.loops[0]) {
      await postgresError {
        let rows = try await database.query(locked[number], deadline: .after(patience))
        #expect(try rows[0].int64(0) == 3)
      }
    }
  }

  private static func withTables(
    _ connections: Int,
    isWarm: Bool,
    _ body: @escaping @Sendable (PostgresDatabase) async throws -> Void
  ) async throws {
    try await TestServer.withDatabase({
      $0.readConnectionsPerLoop = connections
      $0.idleInTransactionTimeout = patience
    }) { database async throws in
      try await database.script(
        """
        create table open as select n::bigint from generate_series(1, 100) n;
        create table locked as select n::bigint from generate_series(101, 103) n
        """
      )
      if isWarm {
        for _ in 0..<5 {
          try await Loops.run {
            async let one = read(database)
            async let two = slow(database).value
            _ = try await (one, two)
          }
        }
      }
      try await body(database)
    }
  }

  /// The rule is 100 ms; the median, because the machine is shared.
  private static func expectQuick(_ times: [Duration]) {
    let median = times.sorted()[times.count / 2]
    #expect(median <= .milliseconds(100), "\(times)")
    #expect(times.allSatisfy { $0 < .seconds(1) }, "\(times)")
  }

  @Test("a quick one of the same turn and those after it are answered", arguments: cases)
  func sameTurn(_ scene: Case) async throws {
    try await Self.withTables(scene.connections, isWarm: scene.isWarm) { database async throws in
      let lock = try await TableLock("locked", database)
      let (slow, times) = try await Loops.run {
        var slow: Task<PostgresError?, Never>?
        if !scene.isQuickFirst { slow = Self.slow(database) }
        let quick = Task(executorPreference: Loops.shared.loops[0]) { try await Self.read(database) }
        if scene.isQuickFirst { slow = Self.slow(database) }
        if !scene.callerStays { slow?.cancel() }
        var times = [try await quick.value]
        for number in 2...9 as ClosedRange<Int64> { times.append(try await Self.read(database, number)) }
        return (slow, times)
      }
      Self.expectQuick(times)
      if !scene.callerStays {
        #expect(await slow?.value?.kind == .cancelled)
        try await eventually("the server has stopped what nobody waits for") {
          try await database.backends("wait_event_type = 'Lock'").isEmpty
        }
      }
      try await lock.release()
      if scene.callerStays { #expect(await slow?.value == nil) }
    }
  }

  @Test("reads go on while as many are slow as may be, whatever their kinds", arguments: [2, 4])
  func bulkhead(connections: Int) async throws {
    try await Self.withTables(connections, isWarm: true) { database async throws in
      let lock = try await TableLock("locked", database)
      // Each in a turn of its own, so that they spread.
      var slow: [Task<PostgresError?, Never>] = []
      var times: [Duration] = []
      for number in 0..<(connections * 2) {
        slow.append(Self.slow(database, number))
        times.append(try await Loops.run { try await Self.read(database, Int64(number + 1)) })
      }
      for number in 1...9 as ClosedRange<Int64> {
        times.append(try await Loops.run { try await Self.read(database, number) })
      }
      Self.expectQuick(times)
      try await lock.release()
      for task in slow {
        let error = await task.value
        #expect(error == nil || error?.kind == .poolTimeout, "\(String(describing: error))")
      }
    }
  }

  @Test("two slow ones that nobody waits for any more are both stopped, at once, and no neighbour fails")
  func twoCancels() async throws {
    try await Self.withTables(2, isWarm: true) { database async throws in
      let lock = try await TableLock("locked", database)
      let first = Self.slow(database, 0)
      try await eventually("it waits") { try await database.backends("wait_event_type = 'Lock'").count == 1 }
      let second = Self.slow(database, 1)
      let readers = (0..<8).map { number in
        Task(executorPreference: Loops.shared.loops[0]) {
          for _ in 0..<50 { _ = try await Self.read(database, Int64(number + 1)) }
        }
      }
      first.cancel()
      second.cancel()
      #expect(await first.value?.kind == .cancelled)
      #expect(await second.value?.kind == .cancelled)
      for reader in readers { try await reader.value }
      try await eventually("both are stopped") {
        try await database.backends("wait_event_type = 'Lock'").isEmpty
      }
      try await lock.release()
    }
  }
}
