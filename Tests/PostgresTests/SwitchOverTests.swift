import EventLoops
import Foundation
import PrivateCluster
import Synchronization
import TestKit
import Testing
import Time

@testable import Postgres

/// A primary, its standby, and one address that leads to either.
private struct Pair: Sendable {
  let primary: PrivateCluster
  let standby: PrivateCluster
  private let address: String

  init() async throws {
    primary = try await PrivateCluster()
    standby = try await PrivateCluster(standbyOf: primary)
    address = "\(primary.socketFolder)-address"
    try lead(to: primary)
  }

  /// Where new connections go; those that are open stay where they are.
  func lead(to cluster: PrivateCluster) throws {
    let new = "\(address).new"
    try FileManager.default.createSymbolicLink(atPath: new, withDestinationPath: cluster.socketFolder)
    guard rename(new, address) == 0 else { throw TestFailure(description: "no link") }
  }

  func database(_ configure: (inout PostgresConfiguration) -> Void = { _ in }) throws -> PostgresDatabase {
    var configuration = PostgresConfiguration(
      connectionString: "host=\(address) user=postgres dbname=postgres"
    )
    configure(&configuration)
    return try PostgresDatabase(configuration: configuration, group: Loops.shared, logger: quiet)
  }

  func remove() async {
    try? FileManager.default.removeItem(atPath: address)
    await standby.remove()
    await primary.remove()
  }

  static func with(_ body: (Pair) async throws -> Void) async throws {
    let pair = try await Pair()
    do {
      try await body(pair)
    } catch {
      await pair.remove()
      throw error
    }
    await pair.remove()
  }
}

extension PrivateCluster {
  fileprivate func database() throws -> PostgresDatabase {
    try PostgresDatabase(
      configuration: PostgresConfiguration(connectionString: connectionString),
      group: Loops.shared,
      logger: quiet
    )
  }
}

/// What writers were told.
private final class Ledger: Sendable {
  private struct State {
    var accepted: Set<Int64> = []
    var unknown: Set<Int64> = []
    var failures: [PostgresError] = []
    var lastAccepted = MonotonicInstant(nanoseconds: 0)
  }

  private let state = Mutex(State())
  let isOver = Atomic<Bool>(false)

  var accepted: Set<Int64> { state.withLock { $0.accepted } }
  var unknown: Set<Int64> { state.withLock { $0.unknown } }
  var failures: [PostgresError] { state.withLock { $0.failures } }
  var lastAccepted: MonotonicInstant { state.withLock { $0.lastAccepted } }

  func write(_ number: Int64, _ database: PostgresDatabase) async {
    let insert = PostgresStatement(name: "insert", sql: "insert into written values ($1)")
    let error = await postgresError {
      try await database.withTransaction(deadline: .after(.seconds(5))) { transaction in
        try await transaction.execute(insert, [.int8(number)])
      }
    }
    state.withLock { state in
      if let error {
        state.failures.append(error)
        if error.kind == .commitUnknown { state.unknown.insert(number) }
      } else {
        state.accepted.insert(number)
        state.lastAccepted = .now()
      }
    }
  }

  /// Four writers on each loop, until ``isOver``.
  func load(_ database: PostgresDatabase) -> [Task<Void, Never>] {
    (0..<8 as Range<Int64>).map { writer in
      Task(executorPreference: Loops.shared.loops[Int(writer) % 2]) {
        var number = writer
        while !self.isOver.load(ordering: .relaxed) {
          await self.write(number, database)
          number += 8
          try? await Task.sleep(for: .milliseconds(5))
        }
      }
    }
  }
}

@Suite("A database that is switched over to another server", .serialized)
struct SwitchOverTests {
  private static let seen = PostgresStatement(name: "seen", sql: "select count(*) from written where n = $1")

  /// Brings the standby up to the primary, makes it the primary, and has new connections go there. The old one lives on.
  private func switchOver(_ pair: Pair, _ old: PostgresDatabase) async throws {
    try await old.script("alter system set default_transaction_read_only = on")
    _ = try await old.read("select pg_reload_conf()")
    var configuration = PostgresConfiguration(
      connectionString: pair.standby.connectionString + " target_session_attrs=any"
    )
    configuration.applicationName = "follow"
    let follower = try PostgresDatabase(configuration: configuration, group: Loops.shared, logger: quiet)
    try await eventually("the old one takes no writes, and the new one has all", within: patience) {
      guard try await old.read("show default_transaction_read_only")[0].text(0) == "on" else { return false }
      let end = try await old.read("select pg_current_wal_flush_lsn()::text")[0].text(0)
      return try await follower.read("select pg_last_wal_replay_lsn() >= $1::text::pg_lsn", [.text(end)])[0]
        .bool(0)
    }
    await follower.shutdown()
    try await pair.standby.promote()
    try pair.lead(to: pair.standby)
  }

  @Test("no write is lost or done twice, and they go on within a second")
  func writes() async throws {
    try await Pair.with { pair in
      let old = try pair.primary.database()
      try await old.script("create table written (n bigint)")
      let database = try pair.database()
      let ledger = Ledger()
      let writers = ledger.load(database)
      try await eventually("writes are accepted") { ledger.accepted.count > 100 }
      try await switchOver(pair, old)
      let switched = MonotonicInstant.now()
      try await eventually("writes go on", within: .seconds(1)) { ledger.lastAccepted > switched }
      let accepted = ledger.accepted.count
      try await eventually("many are accepted") { ledger.accepted.count > accepted + 200 }
      ledger.isOver.store(true, ordering: .relaxed)
      for writer in writers { await writer.value }
      #expect(ledger.failures.allSatisfy { $0.isTemporary }, "\(ledger.failures.filter { !$0.isTemporary })")
      let rows = try await database.read("select n from written")
      let written = try rows.map { try $0.int64(0) }
      #expect(written.count == Set(written).count)
      #expect(ledger.accepted.subtracting(written).isEmpty)
      #expect(Set(written).subtracting(ledger.accepted).subtracting(ledger.unknown).isEmpty)
      await database.shutdown()
      await old.shutdown()
    }
  }

  /// Reads from both loops, and when they last saw what is no more.
  private final class Readers: Sendable {
    private let lastStale = Mutex<(count: Int, time: MonotonicInstant)>((0, MonotonicInstant(nanoseconds: 0)))
    private let isOver = Atomic<Bool>(false)

    var stale: (count: Int, time: MonotonicInstant) { lastStale.withLock { $0 } }

    func stop() { isOver.store(true, ordering: .relaxed) }

    func read(_ database: PostgresDatabase) -> [Task<Void, Never>] {
      (0..<8).map { number in
        Task(executorPreference: Loops.shared.loops[number % 2]) {
          while !self.isOver.load(ordering: .relaxed) {
            let rows = try? await database.query(seen, [.int8(-1)], deadline: .after(.seconds(5)))
            if let rows, (try? rows[0].int64(0)) == 0 {
              self.lastStale.withLock { $0 = ($0.count + 1, .now()) }
            }
            try? await Task.sleep(for: .milliseconds(2))
          }
        }
      }
    }
  }

  @Test("no read is older than five seconds, whether or not anybody writes", arguments: [true, false])
  func reads(areWritten: Bool) async throws {
    try await Pair.with { pair in
      let old = try pair.primary.database()
      try await old.script("create table written (n bigint)")
      let database = try pair.database()
      let readers = Readers()
      let tasks = readers.read(database)
      try await eventually("they read") { readers.stale.count > 100 }
      try await switchOver(pair, old)
      let new = try pair.standby.database()
      let ledger = Ledger()
      await ledger.write(-1, new)
      #expect(ledger.accepted == [-1])
      let switched = MonotonicInstant.now()
      if areWritten { await ledger.write(1, database) }
      try await Task.sleep(for: .seconds(6))
      readers.stop()
      for task in tasks { await task.value }
      #expect(readers.stale.time.duration(since: switched) < .seconds(5))
      await new.shutdown()
      await database.shutdown()
      await old.shutdown()
    }
  }

  @Test(
    "a standby is not asked; while there is no other, callers are told at once, and the promoted one serves at once"
  )
  func standby() async throws {
    try await Pair.with { pair in
      let old = try pair.primary.database()
      try await old.script("create table written (n bigint)")
      let database = try pair.database()
      #expect(try await database.query(Self.seen, [.int8(1)], deadline: .after(patience))[0].int64(0) == 0)
      try await pair.primary.stop(mode: "immediate")
      try pair.lead(to: pair.standby)
      try await eventually("it is known that none is there", within: patience) {
        await postgresError { try await database.query(Self.seen, [.int8(1)], deadline: .after(patience)) }?
          .kind
          == .connectionFailed
      }
      var waits: [Duration] = []
      for _ in 0..<50 {
        for isWrite in [true, false] {
          let start = MonotonicInstant.now()
          let error = await postgresError {
            if isWrite {
              try await database.withTransaction(deadline: .after(patience)) { _ in }
            } else {
              _ = try await database.query(Self.seen, [.int8(1)], deadline: .after(patience))
            }
          }
          waits.append(MonotonicInstant.now().duration(since: start))
          #expect(error?.isTemporary == true)
        }
      }
      #expect(waits.sorted()[waits.count / 2] < .milliseconds(20), "\(waits)")
      try await pair.standby.promote()
      try await eventually("it serves", within: .seconds(5)) {
        await postgresError { try await database.query(Self.seen, [.int8(1)], deadline: .after(patience)) }
          == nil
      }
      await database.shutdown()
      await old.shutdown()
    }
  }

  @Test("a listener that a standby refuses asks it less and less, and hears within a second of its promotion")
  func listener() async throws {
    try await Pair.with { pair in
      try pair.lead(to: pair.standby)
      let database = try pair.database {
        $0.connectionString += " target_session_attrs=any"
        $0.applicationName = "listener"
      }
      let refusals = {
        pair.standby.log.split(separator: "\n").count { $0.contains("cannot execute LISTEN") }
      }
      var notifications = try database.listen("channel").makeAsyncIterator()
      try await Task.sleep(for: .seconds(4))
      let count = refusals()
      #expect(count >= 3 && count <= 9, "\(count)")
      try await pair.standby.promote()
      let promoted = MonotonicInstant.now()
      #expect(await notifications.next() == .listening)
      #expect(MonotonicInstant.now().duration(since: promoted) < .seconds(1.5))
      await database.shutdown()
    }
  }
}
