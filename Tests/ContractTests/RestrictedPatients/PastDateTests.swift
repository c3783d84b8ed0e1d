import EventLoops
import Logging
import ModuleKit
import Postgres
import ServerTestKit
import ServiceKit
import Synchronization
import TestKit
import Testing
import Time

@testable import Gateway
@testable import RestrictedPatientsModule

@Suite("docs/contract/restricted-patients.md §15: Past-date check")
struct PastDateTests {
  private static let path = "/process-past-date-restricted-patients"

  @Test("78, 80, 84: only those past their date go, in order, each with its event; XM is the user's")
  func removed() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      for number in ["A1", "B2", "C3", "D4", "E5"] { try await gateway.database.insertPatient(number) }
      let found = [
        Patients.found("A1", booking: "1", Patients.pastExpiry),
        Patients.found("B2", booking: "2", Patients.pastRelease),
        Patients.found("C3", #","recall":false,"indeterminateSentence":true,"legalStatus":"SENTENCED""#),
        Patients.found(
          "D4",
          #","recall":false,"legalStatus":"SENTENCED","conditionalReleaseDate":"2020-10-09""#
        ),
        Patients.found(
          "E5",
          #","recall":false,"indeterminateSentence":false,"legalStatus":"SENTENCED","conditionalReleaseDate":"2020-10-10""#
        ),
      ]
      gateway.search.answer(inTurn: [
        (200, "[\(found.joined(separator: ","))]"), (200, "[\(found[0])]"), (200, "[\(found[1])]"),
      ])
      gateway.prisonAPI.stub(ScriptedUpstream.release)
      let answer = try await gateway.send("POST", Self.path, token: gateway.user())
      #expect(answer.status == 200)
      #expect(answer.body.isEmpty)
      #expect(gateway.prisonAPI.calls == [ScriptedUpstream.release, ScriptedUpstream.release])
      #expect(
        gateway.prisonAPI.requests.allSatisfy { $0.authorization == "Bearer upstream-token-for-ITAG_USER" }
      )
      #expect(
        gateway.prisonAPI.requests.map { $0.body.prefix(15) } == [#"{"bookingId":1,"#, #"{"bookingId":2,"#]
      )
      let removal = try #require(
        gateway.telemetry.events.first { $0.name == "restricted-patient-batch-removal" }
      )
      #expect(removal.properties == ["prisonerNumbers": "A1, B2"])
      let undecided = try #require(
        gateway.telemetry.events.first { $0.name == "restricted-patient-batch-undecided" }
      )
      #expect(undecided.properties == ["prisonerNumbers": "D4"])
      #expect(
        try await gateway.database.events() == [
          "restricted-patients.patient.removed A1", "restricted-patients.patient.removed B2",
        ]
      )
      #expect(
        try await gateway.database.row(
          "select string_agg(removed_because || removed_user_id, ',') from restricted_patients_archive"
        ) == "BATCHITAG_USER,BATCHITAG_USER"
      )
      #expect(try await gateway.database.count("restricted_patients") == 3)
    }
  }

  /// By what the sentence's dates are, on 3 October 2020.
  private static let verdicts: [(facts: String, isPast: Bool)] = [
    (#","recall":true,"legalStatus":"RECALL","sentenceExpiryDate":"2020-10-02""#, true),
    (#","recall":true,"legalStatus":"RECALL","sentenceExpiryDate":"2020-10-04""#, false),
    (#","recall":true,"legalStatus":"UNSENTENCED","sentenceExpiryDate":"2020-10-02""#, false),
    (#","recall":true,"legalStatus":null,"sentenceExpiryDate":"2020-10-02""#, false),
    (#","recall":false,"legalStatus":"RECALL","sentenceExpiryDate":"2020-10-02""#, false),
    (#","recall":null,"legalStatus":null"#, false),
    (#","recall":true,"legalStatus":"SENTENCED","sentenceExpiryDate":"2020-10-02""#, true),
    (#","recall":false,"legalStatus":"SENTENCED","conditionalReleaseDate":"2020-10-02""#, true),
    (#","recall":false,"legalStatus":"SENTENCED","conditionalReleaseDate":"2020-10-04""#, false),
    (#","recall":false,"legalStatus":"RECALL","conditionalReleaseDate":"2020-10-02""#, false),
    (#","recall":false,"legalStatus":null,"conditionalReleaseDate":"2020-10-02""#, false),
    (#","recall":true,"legalStatus":"SENTENCED","conditionalReleaseDate":"2020-10-02""#, false),
  ]

  @Test("73, 74, 75: by recall, legal status and the date that counts")
  func verdicts() async throws {
    try await withGateway(at: "2020-10-02T23:00:00Z") { (gateway) async throws in
      let numbered = Self.verdicts.enumerated().map { (number: "A\(100 + $0)", verdict: $1) }
      let found = numbered.map {
        Patients.found($0.number, #","indeterminateSentence":false"# + $0.verdict.facts)
      }
      for (number, _) in numbered {
        try await gateway.database.insertPatient(number, discharged: "2020-01-01T00:00")
      }
      let removals = zip(numbered, found).filter(\.0.verdict.isPast).map { (200, "[\($0.1)]") }
      gateway.search.answer(inTurn: [(200, "[\(found.joined(separator: ","))]")] + removals)
      gateway.prisonAPI.stub(ScriptedUpstream.release)
      #expect(try await gateway.send("POST", Self.path, token: gateway.user()).status == 200)
      let gone = numbered.filter(\.verdict.isPast).map(\.number)
      #expect(
        try await gateway.database.events() == gone.map { "restricted-patients.patient.removed \($0)" }
      )
      #expect(try await gateway.database.count("restricted_patients") == numbered.count - gone.count)
    }
  }

  @Test("76, 82: nobody to check, or nobody past a date: nothing happens")
  func nothing() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      #expect(try await gateway.send("POST", Self.path, token: gateway.user()).status == 200)
      #expect(gateway.search.requestCount == 0)
      try await gateway.database.insertPatient("A12345")
      gateway.search.answer(inTurn: [(200, "[\(Patients.found("A12345"))]")])
      #expect(try await gateway.send("POST", Self.path, token: gateway.user()).status == 200)
      #expect(!gateway.telemetry.names.contains("restricted-patient-batch-removal"))
      #expect(try await gateway.database.count("restricted_patients") == 1)
    }
  }

  @Test("77: 3,500 patients are asked about in chunks of 1,000, 1,000, 1,000 and 500")
  func chunks() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      try await gateway.database.run(
        """
        insert into restricted_patients (prisoner_number, from_location_id, hospital_location_code,
          supporting_prison_id, discharge_time, create_datetime)
        select 'A' || n, 'MDI', 'HAZLWD', 'MDI', now(), now() from generate_series(1, 3500) n
        """
      )
      gateway.search.answer(inTurn: [(200, "[]")])
      #expect(try await gateway.send("POST", Self.path, token: gateway.user()).status == 200)
      #expect(gateway.search.askedCounts == [1000, 1000, 1000, 500])
    }
  }

  @Test("AD-11, 79: a removal that fails keeps nobody else; it is one error, and the summary counts it")
  func removalsFail() async throws {
    let log = RecordedLog()
    try await withGateway(at: Patients.clock, logger: log.logger) { (gateway) async throws in
      for number in ["A1", "B2"] { try await gateway.database.insertPatient(number) }
      let found = ["A1", "B2"].map { Patients.found($0, Patients.pastRelease) }
      gateway.search.answer(inTurn: [
        (200, "[\(found.joined(separator: ","))]"), (200, "[\(found[0])]"), (200, "[\(found[1])]"),
      ])
      gateway.prisonAPI.stub(ScriptedUpstream.release, inTurn: [(500, ""), (200, "")])
      #expect(try await Self.commandStatus(gateway, logger: log.logger) == 0)
      #expect(gateway.prisonAPI.calls.count == 2)
      #expect(try await gateway.database.row("select prisoner_number from restricted_patients") == "A1")
      #expect(log.lines.count { $0.level == .error } == 1)
      let telemetry = gateway.telemetry.events
      #expect(
        telemetry.map(\.name) == ["restricted-patient-batch-removal", "restricted-patient-batch-summary"]
      )
      #expect(
        telemetry.last?.properties == [
          "checked": "2", "past": "2", "removed": "1", "failed": "1", "undecided": "0",
        ]
      )
    }
  }

  /// How the command ends.
  private static func commandStatus(
    _ gateway: RunningGateway,
    logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  ) async throws -> Int32 {
    let clock = FixedClock(instant: Timestamp(seconds: Int64(gateway.epoch)))
    let replacements = ComposedModule.Replacements(outbox: TableOutbox(), telemetry: gateway.telemetry)
    let run = BatchRun(job: "past-date-check", clock: clock, replacements: replacements, logger: logger)
    return try await run.status(gateway.configuration, group: try World.group.get())
  }

  @Test(
    "AD-12, 83: a question that search does not answer removes nobody and tells nobody; it is 500, and the command fails"
  )
  func chunkFails() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      try await gateway.database.run(
        """
        insert into restricted_patients (prisoner_number, from_location_id, hospital_location_code,
          supporting_prison_id, discharge_time, create_datetime)
        select 'A' || (10000 + n), 'MDI', 'HAZLWD', 'MDI', now(), now() from generate_series(1, 1500) n
        """
      )
      let found = "[\(Patients.found("A10001", Patients.pastRelease))]"
      gateway.search.answer(inTurn: [(200, found), (503, ""), (200, found), (503, "")])
      gateway.prisonAPI.stub(ScriptedUpstream.release)
      let answer = try await gateway.send("POST", Self.path, token: gateway.user())
      #expect(answer.status == 500)
      #expect(try answer.json["errorCode"] == "UPSTREAM_ERROR")
      await #expect(throws: RestrictedPatientsError.self) { try await Self.commandStatus(gateway) }
      #expect(gateway.search.askedCounts == [1000, 500, 1000, 500])
      #expect(gateway.prisonAPI.calls.isEmpty)
      #expect(gateway.telemetry.names.isEmpty)
      #expect(try await gateway.database.events() == [])
      #expect(try await gateway.database.count("restricted_patients") == 1500)
    }
  }

  @Test("AD-13: a check that takes longer than a request may is answered 200, to a caller behind a socket")
  func longCheck() async throws {
    let settings = ["SERVER_REQUEST_TIMEOUT": "500ms"]
    try await withGateway(at: Patients.clock, settings: settings) { (gateway) async throws in
      try await gateway.database.insertPatient("A12345")
      let found = Patients.found("A12345", Patients.pastRelease)
      gateway.search.answer(inTurn: [(200, "[\(found)]")])
      gateway.prisonAPI.stub(ScriptedUpstream.release)
      gateway.prisonAPI.hold(ScriptedUpstream.release)
      let start = ContinuousClock.now
      async let answer = gateway.send("POST", Self.path, token: gateway.user())
      try await eventually("prison API is told") { gateway.prisonAPI.calls == [ScriptedUpstream.release] }
      // Another request, which has no more time than the server gives.
      gateway.prisonAPI.hold(ScriptedUpstream.booking("B23456"))
      #expect(try await gateway.discharge(Patients.dischargeBody("B23456")).status == 503)
      try await eventually("the time is over") { start.duration(to: .now) > .milliseconds(900) }
      gateway.prisonAPI.letGo()
      #expect(try await answer.status == 200)
      #expect(try await gateway.database.count("restricted_patients") == 0)
    }
  }

  @Test("81: outside a request the service's own token is used, and a failure is only counted")
  func job() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      try await gateway.database.insertPatient("A1234BC")
      let found = Patients.found("A1234BC", Patients.pastExpiry)
      gateway.search.answer(inTurn: [(200, "[\(found)]")])
      gateway.prisonAPI.stub(ScriptedUpstream.release, inTurn: [(503, ""), (200, "")])
      let job = try gateway.application.restrictedPatients().pastDateJob
      let first = try await job.run()
      #expect(first?.failed == 1)
      #expect(first?.isComplete == false)
      #expect(gateway.search.requestCount == 2)
      #expect(gateway.prisonAPI.requests.first?.authorization == "Bearer upstream-token")
      let second = try await job.run()
      #expect(second?.removed == 1)
      #expect(second?.isComplete == true)
      // The day's own run: one for all replicas.
      #expect(try await job.run(isScheduled: true) == nil)
      try await gateway.database.run("update restricted_patients_job set last_day = '2020-10-09'")
      #expect(try await job.run(isScheduled: true)?.checked == 0)
      try await gateway.database.run(
        "update restricted_patients_job set running_until = now() + interval '1 hour'"
      )
      #expect(try await job.run() == nil)
    }
  }

  @Test("the day's check is off by default; of two replicas at the same moment one runs it")
  func replicas() async throws {
    let database = try await World.makeDatabase()
    try await withGateway(at: Patients.clock, on: database) { (gateway) async throws in
      #expect(try gateway.application.restrictedPatients().jobs.allSatisfy { $0.schedule == nil })
      try await gateway.database.insertPatient("A12345")
      gateway.search.answer(inTurn: [(200, "[\(Patients.found("A12345", Patients.pastRelease))]")])
      gateway.prisonAPI.stub(ScriptedUpstream.release)
      try await withGateway(at: Patients.clock, on: database) { (other) async throws in
        other.search.answer(inTurn: [(200, "[\(Patients.found("A12345", Patients.pastRelease))]")])
        other.prisonAPI.stub(ScriptedUpstream.release)
        async let first = try gateway.application.restrictedPatients().pastDateJob.run(isScheduled: true)
        async let second = try other.application.restrictedPatients().pastDateJob.run(isScheduled: true)
        #expect(try await [first, second].compactMap { $0?.removed } == [1])
        #expect(gateway.prisonAPI.calls.count + other.prisonAPI.calls.count == 1)
      }
    }
    World.drop(database)
  }

  /// A night in which time passes only while the job sleeps.
  private final class Night: WallClock {
    let time: Mutex<Timestamp>
    private let atSleep: @Sendable (_ number: Int) async throws -> Void
    private let sleeps = Mutex(0)

    init(from text: String, _ atSleep: @escaping @Sendable (_ number: Int) async throws -> Void) throws {
      time = Mutex(try instant(text))
      self.atSleep = atSleep
    }

    func now() -> Timestamp { time.withLock { $0 } }

    func sleep(_ duration: Duration) async throws {
      let number = sleeps.withLock { sleeps in
        sleeps += 1
        return sleeps
      }
      try await atSleep(number)
      time.withLock { $0 = $0 + duration }
    }
  }

  @Test(
    "A night with database, search and prison API away in turn, and a process that died at it: done within the hour, once"
  )
  func night() async throws {
    let database = try await World.makeDatabase()
    let name = try #require(database.url.split(separator: "/").last)
    let running = Mutex<RunningGateway?>(nil)
    let clock = try Night(from: "2020-10-10T01:59:00Z") { number in
      guard let gateway = running.withLock({ $0 }) else { return }
      let search = gateway.search
      switch number {
      case 1: try await database.refuseConnections()
      case 2:
        _ = try await Psql.run("alter database \(name) allow_connections true", url: try Psql.serverURL)
        // Minutes have passed by the night's clock; by PostgreSQL's, the pause before the next connection may not have.
        try await eventually("the database is up") {
          try await gateway.get("/non-associations-api/health/db").status == 200
        }
        search.answer(status: 503)
      case 3:
        search.answer(status: nil)
        search.answer(inTurn: [(200, "[\(Patients.found("A12345", Patients.pastRelease))]")])
        gateway.prisonAPI.stub(ScriptedUpstream.release, inTurn: [(503, ""), (200, "")])
      case 4:
        #expect(try await database.count("restricted_patients") == 1)
        // Another replica began, and is no more.
        try await database.run(
          "update restricted_patients_job set running_until = now() + interval '1 minute'"
        )
      case 5: try await database.run("update restricted_patients_job set running_until = now()")
      default: throw CancellationError()
      }
    }
    try await withGateway(on: database, clock: clock, settings: ["DATABASE_LEASE_TIMEOUT": "1s"]) {
      (gateway) async throws in
      running.withLock { $0 = gateway }
      try await database.insertPatient("A12345")
      let job = try gateway.application.restrictedPatients().pastDateJob
      await job.runDaily(at: try #require(TimeOfDay("03:00"))) { try await clock.sleep($0) }
      #expect(try await database.count("restricted_patients") == 0)
      #expect(try await database.row("select last_day from restricted_patients_job") == "2020-10-10")
      #expect(gateway.prisonAPI.calls == [ScriptedUpstream.release, ScriptedUpstream.release])
      // 03:15 in London; what comes next is tomorrow's.
      #expect(clock.now() == (try instant("2020-10-10T02:15:00Z")))
      #expect(try await job.run(isScheduled: true) == nil)
    }
    World.drop(database)
  }

  @Test("A process that died in the middle of the day's run has not done the day's work")
  func restart() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      let leases = try gateway.application.restrictedPatients().pastDateJob.leases
      func begin() async throws -> JobLeases.Turn {
        try await leases.take(day: "2020-10-10", isRepeatable: false, for: .seconds(60))
      }
      guard case .mine(let dead) = try await begin() else { throw SocketFailure(description: "not taken") }
      guard case .running = try await begin() else { throw SocketFailure(description: "taken twice") }
      try await gateway.database.run("update restricted_patients_job set running_until = now()")
      guard case .mine(let second) = try await begin() else { throw SocketFailure(description: "not free") }
      // The first was only frozen: what it held is another's.
      #expect(try await leases.renew(dead, for: .seconds(60), within: .seconds(30)) == nil)
      try await leases.end(dead, doneDay: "2020-10-10")
      #expect(try await gateway.database.row("select last_day from restricted_patients_job") == "")
      let kept = try #require(
        try await leases.renew(second, for: .seconds(90), within: .seconds(30))
      )
      try await leases.end(kept, doneDay: "2020-10-10")
      guard case .done = try await begin() else { throw SocketFailure(description: "not done") }
    }
  }

  @Test("85, 86: the command's exit status says whether it ran")
  func command() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      try await gateway.database.insertPatient("A1234BC")
      gateway.search.answer(inTurn: [(200, "[]")])
      #expect(try await Self.commandStatus(gateway) == 0)
      try await gateway.database.run(
        "update restricted_patients_job set running_until = now() + interval '1 hour'"
      )
      #expect(try await Self.commandStatus(gateway) == 2)
    }
  }
}
