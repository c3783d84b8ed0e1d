import PlatformTestKit
import Postgres
import Simulation
import Synchronization
import TestKit
import Testing
import Time

@testable import Events

/// What outboxes promise relays, of the one in PostgreSQL and of the model that the simulator believes.
@Suite("Every outbox keeps what outboxes promise") struct OutboxConformanceTests {
  @Test("In PostgreSQL", arguments: OutboxClaim.allCases) func postgres(claim: OutboxClaim) async throws {
    try await TestDatabase.run { test in try await claim.check(PostgresConformingOutbox(test: test)) }
  }

  @Test("The model", arguments: OutboxClaim.allCases) func model(claim: OutboxClaim) async throws {
    try await claim.check(ModelConformingOutbox())
  }
}

private struct PostgresConformingOutbox: ConformingOutbox {
  let test: TestDatabase

  private var store: OutboxStore {
    OutboxStore(database: test.database, stream: OutboxStream(module: "non-associations", kind: .event))
  }

  private struct RolledBack: Error {}

  func append(_ subjects: [String], isCommitted: Bool) async throws -> [Int64] {
    let outbox = PostgresOutbox(module: "non-associations", destinations: .test)
    let before = try await test.numbers("select coalesce(max(id), 0) from gateway_outbox").first ?? 0
    do {
      try await test.observer.withTransaction(deadline: .soon) { transaction in
        for subject in subjects { try await outbox.append(event(subject, 1), nil, in: transaction) }
        if !isCommitted { throw RolledBack() }
      }
    } catch is RolledBack {
      return []
    }
    return try await test.numbers("select id from gateway_outbox where id > $1 order by id", [.int8(before)])
  }

  func claim(limit: Int, claim: Int64, for duration: Duration, prefersUntried: Bool) async throws
    -> [RelayMachine.Row]
  {
    try await store.claim(
      limit: limit,
      claim: claim,
      for: duration,
      prefersUntried: prefersUntried,
      deadline: .soon
    )
    .map { RelayMachine.Row(id: $0.id, attempts: $0.attempts, destination: $0.destination) }
  }

  func settle(_ settlement: RelayMachine.Settlement, claim: Int64) async throws -> Int {
    try await store.settle(
      OutboxStore.Settlement(
        published: settlement.published,
        setAside: settlement.setAside.map { ($0.row, "refused") },
        postponed: settlement.postponed.map { ($0.row, $0.delay, $0.attempts, nil) }
          + settlement.untried.map { ($0, .zero, 0, nil) }
      ),
      claim: claim,
      deadline: .soon
    )
  }

  func prune(olderThan retention: Duration, limit: Int) async throws -> Int {
    try await store.prune(olderThan: retention, limit: limit, deadline: .soon)
  }

  func locking(_ rows: [Int64], _ body: () async throws -> Void) async throws {
    try await test.observer.withTransaction(deadline: .soon) { transaction in
      _ = try await transaction.query(
        PostgresStatement(
          name: "lock_rows",
          sql: "select id from gateway_outbox where id = any($1) for update"
        ),
        [.int8Array(rows)]
      )
      try await body()
    }
  }

  /// As if so long ago: the server's clock cannot be moved.
  func pass(_ duration: Duration) async throws {
    let interval = "interval '\(duration.wholeMilliseconds) milliseconds'"
    try await test.change(
      "update gateway_outbox set due_at = due_at - \(interval), published_at = published_at - \(interval)"
    )
  }

  func count() async throws -> Int { Int(try await test.count("gateway_outbox")) }
}

private final class ModelConformingOutbox: ConformingOutbox {
  private struct State {
    var database = ModelDatabase()
    var wall: Int64 = 1_000_000_000
  }

  private let state = Mutex(State())

  private func transaction<Value: Sendable>(
    _ body: (inout ModelDatabase, ModelDatabase.SessionID) -> ModelDatabase.Outcome<Value>
  ) throws -> Value {
    try state.withLock { state in
      state.wall += 1000
      let session = state.database.begin(wall: state.wall, at: .at(0))
      guard case .done(let value) = body(&state.database, session), state.database.commit(session) != nil
      else {
        throw TestFailure(description: "the transaction waits or is no more")
      }
      return value
    }
  }

  func append(_ subjects: [String], isCommitted: Bool) async throws -> [Int64] {
    state.withLock { state in
      let session = state.database.begin(wall: state.wall, at: .at(0))
      let rows = subjects.map { state.database.append($0, for: "t", in: session) }
      guard isCommitted else {
        state.database.rollback(session)
        return []
      }
      state.database.commit(session)
      return rows
    }
  }

  func claim(limit: Int, claim: Int64, for duration: Duration, prefersUntried: Bool) async throws
    -> [RelayMachine.Row]
  {
    try transaction {
      $0.claim(limit: limit, claim: claim, for: duration, prefersUntried: prefersUntried, in: $1)
    }
  }

  func settle(_ settlement: RelayMachine.Settlement, claim: Int64) async throws -> Int {
    try transaction { $0.settle(settlement, claim: claim, in: $1) }
  }

  func prune(olderThan retention: Duration, limit: Int) async throws -> Int {
    try transaction { $0.prune(olderThan: retention, limit: limit, in: $1) }
  }

  func locking(_ rows: [Int64], _ body: () async throws -> Void) async throws {
    let session = state.withLock { state in
      let session = state.database.begin(wall: state.wall, at: .at(0))
      state.database.lock(rows, in: session)
      return session
    }
    try await body()
    state.withLock { $0.database.rollback(session) }
  }

  func pass(_ duration: Duration) async throws {
    state.withLock { $0.wall += Int64(duration / .microseconds(1)) }
  }

  func count() async throws -> Int { state.withLock { $0.database.rows.count } }
}
