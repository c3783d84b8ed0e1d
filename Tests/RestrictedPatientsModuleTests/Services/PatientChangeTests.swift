import HTTPTransport
import HTTPTypes
import PlatformTestKit
import ServerTestKit
import ServiceKit
import Testing

@testable import RestrictedPatientsModule

@Suite("What discharge, migration and removal check, tell, ask and record")
struct PatientChangeTests {
  private static let discharge = ScriptedUpstream.discharge("A12345")
  private static let booking = ScriptedUpstream.booking("A12345")
  private static let added = "restricted-patients.patient.added A12345"

  @Test(
    "1, 2, 3: a discharge checks the booking, tells prison API of the discharge, and records what it was asked"
  )
  func discharged() async throws {
    try await PatientsModule.run { (module) async throws in
      module.answerActive()
      #expect(try await module.discharge("A12345", #","commentText":"said""#).status == 201)
      #expect(module.upstream.calls == [Self.booking, Self.discharge])
      #expect(
        module.upstream.bodies(Self.discharge) == [
          #"{"dischargeTime":"2020-10-10T00:00","fromLocationId":"MDI","hospitalLocationCode":"HAZLWD","supportingPrisonId":"MDI"}"#
        ]
      )
      let now = try Patients.time("2020-10-10T00:00")
      #expect(
        try await module.database.find("A12345")
          == RestrictedPatient(
            prisonerNumber: "A12345",
            fromLocationID: "MDI",
            hospitalLocationCode: "HAZLWD",
            supportingPrisonID: "MDI",
            dischargeTime: now,
            commentText: "said",
            createdAt: now,
            createdBy: "U",
            modifiedAt: now,
            modifiedBy: "U"
          )
      )
      #expect(module.database.outbox.told == [Self.added])
      #expect(module.telemetry.names == ["restricted-patient-added-discharge"])
      #expect(try await module.database.attempts() == "")
    }
  }

  @Test(
    "7: without an active booking there is nobody to discharge",
    arguments: [
      (404, "{}"), (200, #"{"offenderNo":"A12345","bookingId":1,"activeFlag":false}"#),
    ]
  )
  func inactive(status: Int, body: String) async throws {
    try await PatientsModule.run { (module) async throws in
      module.answerActive()
      module.upstream.stub(Self.booking, status, body)
      let answer = try await module.discharge()
      #expect(answer.status == 404)
      #expect(answer.body.contains("No prisoner with activeFlag 'Y' found for A12345"))
      #expect(module.upstream.calls == [Self.booking])
      #expect(try await module.database.attempts() == "")
    }
  }

  @Test(
    "27, 28: a migration checks the movements, tells prison API of the same discharge, and has its own comment"
  )
  func migrated() async throws {
    try await PatientsModule.run { (module) async throws in
      module.answerActive()
      module.answerMovements(Patients.movement { $0.toAgency = "OUT" })
      #expect(try await module.migrate().status == 201)
      #expect(module.upstream.calls == [ScriptedUpstream.movements, Self.discharge])
      #expect(module.upstream.bodies(ScriptedUpstream.movements) == [#"["A12345"]"#])
      let patient = try #require(try await module.database.find("A12345"))
      #expect(patient.commentText == "Historical discharge to hospital added to restricted patients")
      #expect(patient.dischargeTime == (try Patients.time("2022-05-20T14:36:13")))
      #expect(patient.supportingPrisonID == "MDI")
      #expect(module.telemetry.names == ["restricted-patient-added-migrate"])
    }
  }

  @Test("30: a migration whose movements are not what it wants leaves nothing")
  func notMigrated() async throws {
    try await PatientsModule.run { (module) async throws in
      module.answerActive()
      module.answerMovements()
      let answer = try await module.migrate()
      #expect(answer.status == 400)
      #expect(answer.body.contains("NO_MOVEMENTS"))
      #expect(module.upstream.calls == [ScriptedUpstream.movements])
      #expect(try await module.database.attempts() == "")
    }
  }

  @Test("45: a removal asks for the booking, tells prison API of the release, and archives the record")
  func removed() async throws {
    try await PatientsModule.run { (module) async throws in
      let patient = try Patients.patient()
      try await module.database.insert(patient)
      module.answerSearch(("A12345", ""))
      #expect(try await module.remove().status == 200)
      #expect(module.upstream.calls == [PatientsModule.search, ScriptedUpstream.release])
      #expect(
        module.upstream.bodies(ScriptedUpstream.release) == [
          #"{"bookingId":7,"fromAgencyId":"HAZLWD","toAgencyId":"OUT","movementTime":"2020-10-10T00:00:00","movementType":"REL","movementReason":"CR","directionCode":"OUT"}"#
        ]
      )
      let archived = try await module.database.store.archived("A12345", deadline: PatientsDatabase.deadline)
      #expect(
        archived == [
          ArchivedPatient(
            patient: patient,
            removedAt: try Patients.time("2020-10-10T00:00"),
            removedBy: "U",
            cause: .known(.user)
          )
        ]
      )
      #expect(module.database.outbox.told == ["restricted-patients.patient.removed A12345"])
      #expect(module.telemetry.names == ["restricted-patient-removed"])
    }
  }

  @Test(
    "47, 48: without a booking, or without an answer about one, the record stays",
    arguments: [(200, "[]", 404), (200, #"[{"prisonerNumber":"A12345"}]"#, 500), (503, "", 500)]
  )
  func notFound(status: Int, body: String, answered: Int) async throws {
    try await PatientsModule.run { (module) async throws in
      try await module.database.insert(try Patients.patient())
      module.upstream.stub(PatientsModule.search, status, body)
      #expect(try await module.remove().status == answered)
      #expect(module.upstream.calls == [PatientsModule.search])
      #expect(try await module.database.find("A12345") != nil)
      #expect(try await module.database.attempts() == "")
    }
  }

  @Test("8, 29, 46: a rule that the record does not meet asks nobody anything")
  func notAdmitted() async throws {
    try await PatientsModule.run { (module) async throws in
      #expect(try await module.remove().status == 404)
      try await module.database.insert(try Patients.patient())
      for answer in [try await module.discharge(), try await module.migrate()] {
        #expect(answer.status == 400)
        #expect(answer.body.contains("EXISTING_PATIENT"))
      }
      #expect(module.upstream.calls.isEmpty)
    }
  }

  @Test(
    "a discharge of unknown outcome is asked about, and recorded as prison API has it, however often it is asked for"
  )
  func dischargeAsked() async throws {
    try await PatientsModule.run { (module) async throws in
      module.answerActive()
      module.upstream.stub(Self.discharge, 502, "")
      #expect(try await module.discharge().status == 500)
      module.answerMovements(Patients.movement { $0.type = "ADM" })
      let unknown = try await module.discharge()
      #expect(unknown.status == 503)
      #expect(unknown.fields[.retryAfter] == "30")
      module.answerMovements(Patients.movement { $0.time = nil })
      #expect(try await module.discharge("A12345", #","dischargeTime":"2020-10-09T08:00""#).status == 201)
      // Prison API does not say when, so the request does.
      let patient = try #require(try await module.database.find("A12345"))
      #expect(patient.dischargeTime == (try Patients.time("2020-10-09T08:00")))
      #expect(
        module.upstream.calls == [
          Self.booking, Self.discharge, ScriptedUpstream.movements, ScriptedUpstream.movements,
        ]
      )
      #expect(try await module.database.attempts() == "ADD A12345 upstream answered 502 to a PUT UPSTREAM U")
      #expect(module.database.outbox.told == [Self.added])
    }
  }

  @Test("a migration that is asked about is recorded only by a movement that could be migrated")
  func migrationAsked() async throws {
    try await PatientsModule.run { (module) async throws in
      module.answerActive()
      module.answerMovements(Patients.movement())
      module.upstream.stub(Self.discharge, 504, "")
      #expect(try await module.migrate().status == 500)
      module.answerMovements(Patients.movement { $0.time = "24:00" })
      #expect(try await module.migrate().status == 503)
      module.answerMovements(Patients.movement())
      #expect(try await module.migrate().status == 201)
      #expect(module.upstream.bodies(Self.discharge).count == 1)
      #expect(module.database.outbox.told == [Self.added])
    }
  }

  @Test(
    "a removal of unknown outcome is told again only if prison API has no release of this stay",
    arguments: [true, false]
  )
  func removalAsked(has: Bool) async throws {
    try await PatientsModule.run { (module) async throws in
      try await module.database.insert(try Patients.patient())
      module.answerSearch(("A12345", ""))
      module.upstream.stub(ScriptedUpstream.release, inTurn: [(502, ""), (200, "")])
      #expect(try await module.remove().status == 500)
      #expect(try await module.remove().status == 503)
      let day = has ? "2020-10-10" : "2020-10-08"
      module.answerMovements(
        Patients.movement { ($0.reasonCode, $0.toAgency, $0.date) = ("CR", "OUT", day) }
      )
      #expect(try await module.remove().status == 200)
      #expect(module.upstream.bodies(ScriptedUpstream.release).count == (has ? 1 : 2))
      #expect(
        try await module.database.attempts() == "REMOVE A12345 upstream answered 502 to a POST UPSTREAM U"
      )
      #expect(module.database.outbox.told == ["restricted-patients.patient.removed A12345"])
    }
  }

  @Test("where agencies are checked, an addition with one that prison API does not list leaves nothing")
  func agencies() async throws {
    try await PatientsModule.run(checksAgencies: true) { (module) async throws in
      module.answerActive()
      module.upstream.stubLists([("MDI", "Moorland", "INST"), ("BRADEN", "Braden", "HSHOSP")])
      let answer = try await module.discharge()
      #expect(answer.status == 400)
      #expect(answer.body.contains("hospitalLocationCode must be a hospital that prison API knows"))
      #expect(try await module.discharge("A12345", #","dischargeTime":"2020-10-10T00:01""#).status == 400)
      #expect(module.upstream.bodies(Self.discharge).isEmpty)
      #expect(try await module.database.attempts() == "")
    }
  }
}
