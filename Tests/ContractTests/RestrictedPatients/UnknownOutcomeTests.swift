import Events
import Foundation
import ServerTestKit
import TestKit
import Testing

@testable import Gateway

@Suite("docs/contract/adoption.md §8: Changes of which nobody knows whether prison API made them")
struct UnknownOutcomeTests {
  private static let dischargeCall = ScriptedUpstream.discharge("A12345")
  private static let added = "restricted-patients.patient.added A12345"

  /// The prisoner is in prison, as prison API has it.
  private static func stubInPrison(_ gateway: RunningGateway) {
    gateway.prisonAPI.stubMovements(ScriptedUpstream.movement(["movementType": "ADM"]))
  }

  /// The prisoner is in hospital, as prison API has it.
  private static func stubInHospital(_ gateway: RunningGateway) {
    gateway.prisonAPI.stubMovements(ScriptedUpstream.movement(["movementDate": "2020-10-10"]))
    gateway.prisonAPI.stub(
      ScriptedUpstream.agency("HAZLWD"),
      200,
      ScriptedUpstream.agencyJSON("HAZLWD", "Hazelwood House", "HSHOSP")
    )
  }

  /// A discharge whose answer says nothing.
  private static func leaveUnknown(_ gateway: RunningGateway) async throws {
    gateway.prisonAPI.stubBooking()
    gateway.prisonAPI.stub(dischargeCall, 504)
    #expect(try await gateway.discharge().status == 500)
    #expect(try await gateway.database.attempts() == "ADD A12345 upstream answered 504 to a PUT")
    gateway.prisonAPI.stubDischarge()
  }

  private static func expectUnknown(_ answer: Answer) throws {
    #expect(answer.status == 503)
    #expect(answer.header("Retry-After") == "30")
    #expect(try answer.json["errorCode"] == "OUTCOME_UNKNOWN")
  }

  private static func discharges(_ gateway: RunningGateway) -> Int {
    gateway.prisonAPI.calls.count { $0 == dischargeCall }
  }

  @Test(
    "a discharge is unknown without a proper answer, and until it is settled the next is 503 and nobody is told",
    arguments: [(502, ""), (504, "{}"), (201, ""), (200, "{}"), (200, "<html>"), (nil, "")]
      as [(Int?, String)]
  )
  func dischargeUnknown(status: Int?, body: String) async throws {
    try await withGateway(at: Patients.clock, settings: ["API_TIMEOUT": "500ms"]) { (gateway) async throws in
      gateway.prisonAPI.stubBooking()
      gateway.prisonAPI.stub(Self.dischargeCall, status ?? 201, body)
      if status == nil { gateway.prisonAPI.hold(Self.dischargeCall) }
      let first = try await gateway.discharge()
      #expect(first.status == 500)
      #expect(try first.json["errorCode"] == (status == 502 || status == 504 ? "UPSTREAM_ERROR" : .null))
      #expect(gateway.telemetry.names == ["restricted-patient-outcome-unknown"])
      gateway.prisonAPI.letGo()
      gateway.prisonAPI.stubDischarge()
      Self.stubInPrison(gateway)
      for _ in 0..<2 {
        try Self.expectUnknown(try await gateway.discharge())
        try Self.expectUnknown(try await gateway.migrate())
      }
      #expect(Self.discharges(gateway) == 1)
      #expect(try await gateway.patient("A12345").status == 404)
      #expect(try await gateway.database.count("restricted_patients_attempt") == 1)
      #expect(try await gateway.unknownOutcomes().items.count == 1)
      #expect(try await gateway.database.events() == [])
      #expect(gateway.telemetry.names == ["restricted-patient-outcome-unknown"])
    }
  }

  @Test("what prison API is known to have refused is not unknown: it may be asked for again at once")
  func refused() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubBooking()
      gateway.prisonAPI.stub(Self.dischargeCall, inTurn: [(503, ""), (201, #"{"offenderNo":"A12345"}"#)])
      #expect(try await gateway.discharge().status == 500)
      #expect(try await gateway.database.attempts() == "")
      #expect(try await gateway.discharge().status == 201)
      #expect(Self.discharges(gateway) == 2)
    }
  }

  @Test("the event that a discharge causes makes the record, and settles it")
  func settledByEvent() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      try await Self.leaveUnknown(gateway)
      Self.stubInHospital(gateway)
      try await gateway.domainEvents.handle(ConsumedEventTests.released())
      #expect(try await gateway.unknownOutcomes() == [])
      #expect(try await gateway.database.attempts() == "ADD A12345 upstream answered 504 to a PUT EVENT")
      let again = try await gateway.discharge()
      #expect(again.status == 400)
      #expect(try again.json == Patients.existing)
      #expect(Self.discharges(gateway) == 1)
      #expect(try await gateway.database.events() == [Self.added])
    }
  }

  @Test(
    "a discharge that prison API says it has made is recorded by the next request, with prison API's time"
  )
  func settledByAsking() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      try await Self.leaveUnknown(gateway)
      Self.stubInHospital(gateway)
      let bookings = gateway.prisonAPI.calls.count { $0 == ScriptedUpstream.booking("A12345") }
      let answer = try await gateway.discharge(user: "SECOND")
      #expect(answer.status == 201)
      #expect(try answer.json["dischargeTime"] == "2020-10-10T14:36:13")
      #expect(
        try await gateway.database.patient("A12345")
          == "MDI|HAZLWD|MDI|2020-10-10T14:36:13|Prisoner was released to hospital|SECOND|t"
      )
      #expect(Self.discharges(gateway) == 1)
      // Whoever is in hospital has no active booking, so that is not asked.
      #expect(gateway.prisonAPI.calls.count { $0 == ScriptedUpstream.booking("A12345") } == bookings)
      #expect(
        try await gateway.database.attempts() == "ADD A12345 upstream answered 504 to a PUT UPSTREAM SECOND"
      )
      #expect(try await gateway.unknownOutcomes() == [])
      #expect(try await gateway.database.events() == [Self.added])
      #expect(
        gateway.telemetry.names == [
          "restricted-patient-outcome-unknown", "restricted-patient-added-discharge",
        ]
      )
    }
  }

  @Test(
    "a release to another hospital, or from another prison, is not the discharge that was asked for",
    arguments: [["toAgency": "BRADEN"], ["fromAgency": "LEI"], ["movementReasonCode": "CR"]]
  )
  func anotherRelease(changes: [String: String]) async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      try await Self.leaveUnknown(gateway)
      gateway.prisonAPI.stubMovements(ScriptedUpstream.movement(changes))
      try Self.expectUnknown(try await gateway.discharge())
      #expect(Self.discharges(gateway) == 1)
      #expect(try await gateway.database.count("restricted_patients") == 0)
    }
  }

  @Test("a migration after one of unknown outcome records what prison API has, and tells nobody again")
  func migrationAsked() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubMovements(ScriptedUpstream.movement(["movementReasonCode": "CR"]))
      gateway.prisonAPI.stub(Self.dischargeCall, 502)
      #expect(try await gateway.migrate().status == 500)
      try Self.expectUnknown(try await gateway.migrate())
      Self.stubInHospital(gateway)
      let answer = try await gateway.migrate()
      #expect(answer.status == 201)
      #expect(try answer.json["dischargeTime"] == "2020-10-10T14:36:13")
      #expect(
        try answer.json["commentText"] == "Historical discharge to hospital added to restricted patients"
      )
      #expect(Self.discharges(gateway) == 1)
      #expect(try await gateway.database.events() == [Self.added])
    }
  }

  @Test("a person who has looked says that it is settled, and it can be asked for again; nobody else may")
  func settledByPerson() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      #expect(try await gateway.settleOutcome().status == 404)
      try await Self.leaveUnknown(gateway)
      Self.stubInPrison(gateway)
      try Self.expectUnknown(try await gateway.discharge())
      #expect(try await gateway.settleOutcome(token: gateway.user()).status == 403)
      #expect(try await gateway.settleOutcome("B23456").status == 404)
      let answer = try await gateway.settleOutcome()
      #expect(answer.status == 200)
      #expect(
        answer.text
          == #"{"prisonerNumber":"A12345","operations":["ADD"],"settledDateTime":"2020-10-10T00:00:00","#
          + #""settledUserId":"ADMIN"}"#
      )
      #expect(
        try await gateway.database.attempts() == "ADD A12345 upstream answered 504 to a PUT PERSON ADMIN"
      )
      #expect(try await gateway.unknownOutcomes() == [])
      #expect(
        gateway.telemetry.names == [
          "restricted-patient-outcome-unknown", "restricted-patient-outcome-settled",
        ]
      )
      #expect(try await gateway.settleOutcome().status == 404)
      #expect(try await gateway.discharge().status == 201)
      #expect(Self.discharges(gateway) == 2)
    }
  }

  @Test(
    "AD-53: after a gateway that was killed while prison API was told, 503 until it is decided; told once"
  )
  func killed() async throws {
    try await withGateway(at: Patients.clock, settings: ["API_TIMEOUT": "500ms"]) { (gateway) async throws in
      gateway.prisonAPI.stubBooking()
      gateway.prisonAPI.stubDischarge()
      gateway.prisonAPI.hold(Self.dischargeCall)
      try await GatewayProcess.run(beside: gateway, settings: ["API_TIMEOUT": "20s"]) { other in
        let port = try other.port
        // The other goes by the time of day.
        let token = try gateway.token(roles: [], user: "ITAG_USER", expiresIn: 500_000_000)
        let abandoned = Task {
          try? await SocketClient.send(
            port: port,
            method: "POST",
            target: "/discharge-to-hospital",
            headers: [("Authorization", "Bearer \(token)"), ("Content-Type", "application/json")],
            body: Array(Patients.dischargeBody().utf8)
          )
        }
        try await eventually("prison API is told") { Self.discharges(gateway) == 1 }
        other.send(SIGKILL)
        _ = try await other.status()
        _ = await abandoned.value
      }
      gateway.prisonAPI.letGo()
      Self.stubInPrison(gateway)
      #expect(try await gateway.database.attempts() == "ADD A12345")
      // Nobody can tell yet that the process is dead.
      let early = try await gateway.discharge()
      #expect(early.status == 503)
      #expect(early.header("Retry-After") == "5")
      #expect(try early.json["errorCode"] == "CHANGE_UNDER_WAY")
      try await gateway.database.run("update restricted_patients_attempt set expires_at = now()")
      for _ in 0..<2 { try Self.expectUnknown(try await gateway.discharge()) }
      #expect(
        try await gateway.unknownOutcomes()[0]?["reason"] == "the gateway stopped before the answer came"
      )
      #expect(gateway.telemetry.names == ["restricted-patient-outcome-unknown"])
      Self.stubInHospital(gateway)
      #expect(try await gateway.discharge().status == 201)
      #expect(Self.discharges(gateway) == 1)
      #expect(try await gateway.database.events() == [Self.added])
    }
  }

  @Test("AD-54: of two removals at once prison API is told once, and both are answered with the record")
  func removedTwice() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      try await gateway.database.insertPatient("A12345")
      gateway.search.answer(inTurn: [(200, "[\(Patients.found("A12345"))]")])
      gateway.prisonAPI.stub(ScriptedUpstream.release)
      gateway.prisonAPI.hold(ScriptedUpstream.release)
      async let first = gateway.removePatient("A12345")
      try await eventually("prison API is told") { gateway.prisonAPI.calls == [ScriptedUpstream.release] }
      async let second = gateway.removePatient("A12345")
      try await eventually("a second row is tried") { try await gateway.database.rowsTried() > 1 }
      gateway.prisonAPI.letGo()
      let answers = try await [first, second]
      #expect(answers.map(\.status) == [200, 200])
      #expect(Set(answers.map(\.text)).count == 1)
      #expect(gateway.prisonAPI.calls == [ScriptedUpstream.release])
      #expect(gateway.search.requestCount == 1)
      #expect(try await gateway.database.events() == ["restricted-patients.patient.removed A12345"])
      #expect(gateway.telemetry.names == ["restricted-patient-removed"])
      #expect(try await gateway.database.count("restricted_patients_archive") == 1)
      #expect(try await gateway.removePatient("A12345").status == 404)
    }
  }

  @Test("AD-54: a removal waits for another replica's, and answers as it without telling prison API")
  func otherReplica() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      try await gateway.database.insertPatient("A12345")
      // Another replica's.
      try await gateway.database.run(
        """
        insert into restricted_patients_attempt (prisoner_number, operation, expires_at)
        values ('A12345', 'REMOVE', now() + interval '1 hour')
        """
      )
      async let second = gateway.removePatient("A12345")
      try await eventually("a second row is tried") { try await gateway.database.rowsTried() > 1 }
      try await gateway.database.run(
        "begin; delete from restricted_patients; delete from restricted_patients_attempt; commit"
      )
      #expect(try await second.status == 200)
      #expect(gateway.prisonAPI.calls.isEmpty)
      #expect(try await gateway.database.events() == [])
    }
  }

  @Test("a removal whose record a reception has removed meanwhile is settled, and a success")
  func overtakenRemoval() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      try await gateway.database.insertPatient("A12345")
      gateway.search.answer(inTurn: [(200, "[\(Patients.found("A12345"))]")])
      gateway.prisonAPI.stub(ScriptedUpstream.release)
      gateway.prisonAPI.hold(ScriptedUpstream.release)
      async let removal = gateway.removePatient("A12345")
      try await eventually("prison API is told") { gateway.prisonAPI.calls == [ScriptedUpstream.release] }
      try await gateway.offenderEvents.handle(ConsumedEventTests.reception(number: "A12345"))
      gateway.prisonAPI.letGo()
      #expect(try await removal.status == 200)
      #expect(try await gateway.database.events() == ["restricted-patients.patient.removed A12345"])
      #expect(gateway.telemetry.names == ["restricted-patient-removed-cleanup"])
      #expect(
        try await gateway.database.attempts()
          == "REMOVE A12345 the record was where it should be before the answer EVENT"
      )
      #expect(try await gateway.unknownOutcomes() == [])
    }
  }

  @Test("a discharge whose record another program has made meanwhile is settled, and EXISTING_PATIENT")
  func overtakenAddition() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubBooking()
      gateway.prisonAPI.stubDischarge()
      gateway.prisonAPI.hold(Self.dischargeCall)
      async let discharge = gateway.discharge()
      try await eventually("prison API is told") { Self.discharges(gateway) == 1 }
      try await gateway.database.insertPatient("A12345")
      gateway.prisonAPI.letGo()
      #expect(try await discharge.status == 400)
      #expect(try await discharge.json == Patients.existing)
      #expect(
        try await gateway.database.attempts()
          == "ADD A12345 the record was where it should be before the answer EVENT"
      )
      #expect(try await gateway.database.events() == [])
    }
  }

  /// Lets writes of records fail so often.
  private static func fail(_ times: Int, in gateway: RunningGateway) async throws {
    try await gateway.database.run(
      """
      create sequence failures;
      create function fail() returns trigger language plpgsql as $$
        begin
          if nextval('failures') <= \(times) then raise exception 'full' using errcode = '53100'; end if;
          return new;
        end $$;
      create trigger fail before insert on restricted_patients for each row execute function fail();
      """
    )
  }

  @Test("a discharge that is told is recorded once the database is back, and succeeds")
  func databaseComesBack() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubBooking()
      gateway.prisonAPI.stubDischarge()
      try await Self.fail(4, in: gateway)
      #expect(try await gateway.discharge().status == 201)
      #expect(Self.discharges(gateway) == 1)
      #expect(try await gateway.database.attempts() == "")
      #expect(try await gateway.database.events() == [Self.added])
      #expect(gateway.telemetry.names == ["restricted-patient-added-discharge"])
    }
  }

  @Test("… and is unknown once the database has been away for ten seconds, until prison API is asked")
  func databaseStaysAway() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubBooking()
      gateway.prisonAPI.stubDischarge()
      try await Self.fail(1_000_000, in: gateway)
      let token = try gateway.user()
      // The client here waits for ten seconds itself.
      let discharge = Task {
        try? await gateway.post("/discharge-to-hospital", Patients.dischargeBody(), token: token)
      }
      try await eventually("it has failed more than seven times") {
        Int(try await gateway.database.row("select last_value from failures")) ?? 0 > 7
      }
      #expect(try await gateway.database.attempts() == "ADD A12345")
      let unknown = "ADD A12345 prison API has done it, but the record could not be changed"
      try await eventually("the change is unknown") { try await gateway.database.attempts() == unknown }
      let answer = await discharge.value
      #expect(answer == nil || answer?.status == 503)
      try await gateway.database.run("drop trigger fail on restricted_patients")
      Self.stubInHospital(gateway)
      #expect(try await gateway.discharge().status == 201)
      #expect(Self.discharges(gateway) == 1)
      #expect(try await gateway.database.attempts() == unknown + " UPSTREAM ITAG_USER")
      #expect(try await gateway.database.events() == [Self.added])
    }
  }
}
