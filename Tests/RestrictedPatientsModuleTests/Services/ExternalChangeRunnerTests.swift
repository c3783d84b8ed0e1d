import EventLoops
import Logging
import ModuleKit
import PlatformTestKit
import Postgres
import ServiceKit
import TestKit
import Testing
import Time

@testable import RestrictedPatientsModule

@Suite("Making an external change")
struct ExternalChangeRunnerTests {
  private struct World: Sendable {
    let database: PatientsDatabase
    let telemetry: RecordingTelemetry
    var runner: ExternalChangeRunner
    var removal: ScriptedRemoval

    func make(before deadline: MonotonicInstant = PatientsDatabase.deadline) async throws -> RestrictedPatient
    {
      try await runner.make(removal, before: deadline)
    }

    /// Another replica's row.
    func intendElsewhere() async throws -> ExternalChangeRow {
      let found = try await database.commit { unit in
        try await database.store.intend(.remove, of: "A12345", by: "V", lifetime: .seconds(60), in: unit)
      }
      return try #require(found.row)
    }
  }

  private static func run(
    upstreamTimeout: Duration = .seconds(20),
    _ body: @escaping @Sendable (inout World) async throws -> Void
  ) async throws {
    try await PatientsDatabase.run { (database) async throws in
      let patient = try Patients.patient()
      try await database.insert(patient)
      let telemetry = RecordingTelemetry()
      let messages = PatientMessages(london: try LondonTime())
      var world = World(
        database: database,
        telemetry: telemetry,
        runner: ExternalChangeRunner(
          store: database.store,
          changes: database.changes,
          telemetry: telemetry,
          logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
          clock: try Loops.shared.get(),
          upstreamTimeout: upstreamTimeout
        ),
        removal: ScriptedRemoval(
          patient: patient,
          store: database.store,
          messages: messages.removed("A12345", at: Patients.now)
        )
      )
      try await body(&world)
    }
  }

  private static let refused = UpstreamFailure.refused(
    .init(code: 503, reason: "", place: "POST http://host")
  )
  private static let cutOff = UpstreamFailure.noAnswer(text: "none", cause: "cut off", mayHaveHappened: true)
  private static let removed = "restricted-patients.patient.removed A12345"

  @Test("checks, tells, records, and leaves no row")
  func recorded() async throws {
    try await Self.run { (world: inout World) async throws in
      #expect(try await world.make() == Patients.patient())
      #expect(world.removal.calls.all == ["check", "tell 7", "record"])
      #expect(try await world.database.find("A12345") == nil)
      #expect(try await world.database.attempts() == "")
      #expect(world.database.outbox.told == [Self.removed])
      #expect(world.telemetry.names == ["restricted-patient-removed"])
    }
  }

  @Test("a change that may not be made writes nothing")
  func notAdmitted() async throws {
    try await Self.run { (world: inout World) async throws in
      world.removal.rule = .notFound("A12345")
      let current = world
      await #expect(throws: RestrictedPatientsError.notFound("A12345")) { try await current.make() }
      #expect(world.removal.calls.all.isEmpty)
      #expect(try await world.database.attempts() == "")
    }
  }

  @Test("a check that refuses, or an upstream that does, leaves everything as it was")
  func refusedChange() async throws {
    try await Self.run { (world: inout World) async throws in
      world.removal.refusal = .noSearchResult("A12345")
      let checked = world
      await #expect(throws: RestrictedPatientsError.noSearchResult("A12345")) { try await checked.make() }
      world.removal.refusal = nil
      world.removal.answer = Self.refused
      let told = world
      await #expect(throws: RestrictedPatientsError.upstream(Self.refused)) { try await told.make() }
      #expect(world.removal.calls.all == ["check", "check", "tell 7"])
      #expect(try await world.database.attempts() == "")
      #expect(try await world.database.find("A12345") != nil)
      #expect(world.telemetry.names.isEmpty)
    }
  }

  @Test(
    "without an answer nobody knows; the next one asks first, and tells only if it has to",
    arguments: [true, false]
  )
  func unanswered(has: Bool) async throws {
    try await Self.run { (world: inout World) async throws in
      world.removal.answer = Self.cutOff
      let first = world
      await #expect(throws: RestrictedPatientsError.upstream(Self.cutOff)) { try await first.make() }
      #expect(try await world.database.attempts() == "REMOVE A12345 no answer from upstream: cut off")
      #expect(world.telemetry.names == ["restricted-patient-outcome-unknown"])
      #expect(try await world.database.find("A12345") != nil)
      world.removal.answer = nil
      world.removal.has = .success(has)
      _ = try await world.make()
      let told = has ? [] : ["check", "tell 7"]
      #expect(world.removal.calls.all == ["check", "tell 7", "ask"] + told + ["record"])
      #expect(try await world.database.find("A12345") == nil)
      #expect(
        try await world.database.attempts() == "REMOVE A12345 no answer from upstream: cut off UPSTREAM U"
      )
      #expect(world.database.outbox.told == [Self.removed])
    }
  }

  @Test("while prison API cannot be asked, the outcome stays unknown and nobody is told anything")
  func askFails() async throws {
    try await Self.run { (world: inout World) async throws in
      world.removal.answer = Self.cutOff
      let first = world
      await #expect(throws: RestrictedPatientsError.upstream(Self.cutOff)) { try await first.make() }
      world.removal.has = .failure(Self.refused)
      let second = world
      await #expect(throws: RestrictedPatientsError.outcomeUnknown("A12345")) { try await second.make() }
      #expect(world.removal.calls.all == ["check", "tell 7", "ask"])
      #expect(try await world.database.attempts() == "REMOVE A12345 no answer from upstream: cut off")
      #expect(world.telemetry.names == ["restricted-patient-outcome-unknown"])
    }
  }

  @Test("of a process that died nobody knows either: the next one asks first, and it is told of")
  func processDied() async throws {
    try await Self.run { (world: inout World) async throws in
      _ = try await world.intendElsewhere()
      try await world.database.run("update restricted_patients_attempt set expires_at = now()")
      world.removal.has = .success(true)
      _ = try await world.make()
      #expect(world.removal.calls.all == ["ask", "record"])
      #expect(
        world.telemetry.names == ["restricted-patient-outcome-unknown", "restricted-patient-removed"]
      )
      #expect(
        try await world.database.attempts()
          == "REMOVE A12345 the gateway stopped before the answer came UPSTREAM U"
      )
    }
  }

  @Test("two at the same time: one is made, and the other, which waits, answers as it without being made")
  func waits() async throws {
    try await Self.run { (world: inout World) async throws in
      let other = try await world.intendElsewhere()
      let current = world
      async let second = current.make()
      let database = world.database
      try await eventually("it has looked") { try await database.text(Self.taken) != "1" }
      try await database.commit { unit in
        let now = try Patients.time("2020-10-10T00:00")
        let removal = RemovalRecord(at: now, by: "V", cause: .user)
        #expect(try await database.store.archive("A12345", removal, in: unit))
        try database.store.enqueueEnd(of: other, in: unit)
      }
      #expect(try await second == Patients.patient())
      #expect(world.removal.calls.all.isEmpty)
      #expect(world.database.outbox.told.isEmpty)
      #expect(world.telemetry.names.isEmpty)
      #expect(try await world.database.attempts() == "")
    }
  }

  /// How many rows were tried to be written.
  private static let taken = "select last_value::text from restricted_patients_attempt_id_seq"

  @Test("… and is made itself when the first has come to nothing")
  func waitsForNothing() async throws {
    try await Self.run { (world: inout World) async throws in
      let other = try await world.intendElsewhere()
      let current = world
      async let second = current.make()
      let database = world.database
      try await eventually("it has looked") { try await database.text(Self.taken) != "1" }
      #expect(world.removal.calls.all.isEmpty)
      try await database.commit { try database.store.enqueueEnd(of: other, in: $0) }
      #expect(try await second == Patients.patient())
      #expect(world.removal.calls.all == ["check", "tell 7", "record"])
    }
  }

  @Test("… and is in progress still when the first takes longer than a call may")
  func waitsInVain() async throws {
    try await Self.run(upstreamTimeout: .milliseconds(100)) { (world: inout World) async throws in
      _ = try await world.intendElsewhere()
      let current = world
      await #expect(throws: RestrictedPatientsError.underWay("A12345")) { try await current.make() }
      #expect(world.removal.calls.all.isEmpty)
      #expect(try await world.database.attempts() == "REMOVE A12345")
    }
  }

  @Test("a database that is away for a moment is tried again")
  func databaseAway() async throws {
    try await Self.run { (world: inout World) async throws in
      world.database.outbox.fail(with: PostgresError(.connectionLost), PostgresError(.commitUnknown))
      _ = try await world.make()
      #expect(world.removal.calls.all == ["check", "tell 7", "record", "record", "record"])
      #expect(world.database.outbox.told == [Self.removed])
      #expect(try await world.database.attempts() == "")
      #expect(world.telemetry.names == ["restricted-patient-removed"])
    }
  }

  @Test("what the database cannot hold leaves the record, and a row for a person to see")
  func databaseFails() async throws {
    try await Self.run { (world: inout World) async throws in
      world.database.outbox.fail(with: PostgresError(.stringTooLong))
      let current = world
      await #expect(throws: PostgresError.self) { try await current.make() }
      #expect(
        try await world.database.attempts()
          == "REMOVE A12345 prison API has done it, but the record could not be changed"
      )
      #expect(try await world.database.find("A12345") != nil)
      #expect(world.telemetry.names == ["restricted-patient-outcome-unknown"])
    }
  }

  @Test("a record that something else has removed meanwhile is settled, and the caller's to know")
  func overtaken() async throws {
    try await Self.run { (world: inout World) async throws in
      try await world.database.run("delete from restricted_patients")
      let current = world
      await #expect(throws: RestrictedPatientsError.invalid("overtaken")) { try await current.make() }
      #expect(world.database.outbox.told.isEmpty)
      #expect(world.telemetry.names.isEmpty)
      #expect(
        try await world.database.attempts()
          == "REMOVE A12345 the record was where it should be before the answer EVENT"
      )
    }
  }

  @Test("goes on when the caller goes away")
  func callerGone() async throws {
    try await Self.run { (world: inout World) async throws in
      let current = world
      let caller = Task { try await current.make() }
      caller.cancel()
      _ = try await caller.value
      #expect(try await world.database.find("A12345") == nil)
    }
  }

  @Test("a process that was frozen until its caller's deadline tells nobody")
  func late() async throws {
    try await Self.run { (world: inout World) async throws in
      let current = world
      await #expect(throws: (any Error).self) { try await current.make(before: .now()) }
      #expect(world.removal.calls.all.isEmpty)
      #expect(try await world.database.attempts() == "")
    }
  }
}
