import EventLoops
import Events
import Logging
import ModuleKit
import PlatformTestKit
import Postgres
import ServiceKit
import Synchronization
import TestKit
import Testing
import Time

@testable import RestrictedPatientsModule

/// The module's store on a database of a test's own.
struct PatientsDatabase: Sendable {
  let database: PostgresDatabase
  let store: RestrictedPatientsStore
  let changes: Changes
  let outbox: RecordingOutbox

  /// Runs `body` on a loop, as a request would be.
  static func run(_ body: @escaping @Sendable (PatientsDatabase) async throws -> Void) async throws {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let migrator = Migrator(
      module: RestrictedPatientsModule.name,
      migrations: RestrictedPatientsModule.migrations,
      baseline: RestrictedPatientsModule.baseline,
      logger: logger
    )
    let group = try Loops.shared.get()
    try await Loops.run {
      try await TestDatabase.with(group, migrator) { database in
        let outbox = RecordingOutbox()
        try await body(
          PatientsDatabase(
            database: database,
            store: RestrictedPatientsStore(database: database, misfits: MisfitValues(logger: logger)),
            changes: Changes(database: database, outbox: outbox),
            outbox: outbox
          )
        )
      }
    }
  }

  static var deadline: MonotonicInstant { .now() + .seconds(60) }

  @discardableResult
  func commit<Value>(_ body: (UnitOfWork) async throws -> Value) async throws -> Value {
    try await changes.commit(before: Self.deadline, body)
  }

  func insert(_ patients: RestrictedPatient...) async throws {
    try await commit { (unit) async throws in
      for patient in patients { #expect(try await store.insertUnlessIntended(patient, in: unit)) }
    }
  }

  func find(_ number: String) async throws -> RestrictedPatient? {
    try await store.find(number, deadline: Self.deadline)
  }

  /// Runs a statement that changes rows.
  func run(_ sql: String) async throws {
    try await database.withTransaction(deadline: Self.deadline) { transaction in
      _ = try await transaction.query(PostgresStatement(name: "test_\(sql.hashValue)", sql: sql))
    }
  }

  /// The first value of the first row, which is a text.
  func text(_ sql: String) async throws -> String? {
    let statement = PostgresStatement(name: "test_\(sql.hashValue)", sql: sql)
    return try await database.query(statement, deadline: Self.deadline).first?.optionalText(0)
  }

  /// The rows of external changes: what they are of, why they are unknown, and what has settled them, for whom.
  func attempts() async throws -> String {
    try await text(
      """
      select coalesce(string_agg(concat_ws(' ', operation, prisoner_number, unknown_because, settled_because, settled_by),
        ', ' order by id), '')
      from restricted_patients_attempt
      """
    ) ?? ""
  }
}

/// Keeps what was told in transactions that were to be committed.
final class RecordingOutbox: Outbox {
  private let state = Mutex((events: [DomainEvent](), failures: [any Error]()))

  /// Type and prisoner of each.
  var told: [String] { state.withLock { $0.events.map { "\($0.eventType) \($0.subject)" } } }

  /// Throws these errors, one a change, before it works.
  func fail(with errors: (any Error)...) { state.withLock { $0.failures = errors } }

  func append(_ event: DomainEvent, _ audit: AuditMessage?, in transaction: PostgresTransaction) async throws
  {
    let failure = state.withLock { state in
      if !state.failures.isEmpty { return state.failures.removeFirst() as (any Error)? }
      state.events.append(event)
      return nil
    }
    if let failure { throw failure }
  }
}
