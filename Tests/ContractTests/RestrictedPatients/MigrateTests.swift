import ServerTestKit
import ServiceKit
import Testing

@Suite("docs/contract/restricted-patients.md §15: Migrate in")
struct MigrateTests {
  @Test("27, 28: the latest release becomes the record, with a comment of its own")
  func migrated() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubMovements(
        ScriptedUpstream.movement(["commentText": "TO=ST NICH''S NEWCASTLE", "toAgency": "OUT"])
      )
      gateway.prisonAPI.stubDischarge()
      let answer = try await gateway.migrate()
      #expect(answer.status == 201)
      #expect(
        answer.text
          == #"{"prisonerNumber":"A12345","fromLocation":{"agencyId":"MDI"},"hospitalLocation":{"agencyId":"HAZLWD"},"#
          + #""supportingPrison":{"agencyId":"MDI"},"dischargeTime":"2022-05-20T14:36:13","#
          + #""commentText":"Historical discharge to hospital added to restricted patients","#
          + #""createDateTime":"2020-10-10T00:00:00","createUserId":"ITAG_USER"}"#
      )
      #expect(gateway.prisonAPI.calls == [ScriptedUpstream.movements, ScriptedUpstream.discharge("A12345")])
      let movements = try #require(gateway.prisonAPI.request(ScriptedUpstream.movements))
      #expect(movements.query == "latestOnly=true&allBookings=false")
      #expect(movements.body == #"["A12345"]"#)
      #expect(movements.authorization == "Bearer upstream-token")
      let discharge = try #require(gateway.prisonAPI.request(ScriptedUpstream.discharge("A12345")))
      #expect(
        discharge.body
          == #"{"dischargeTime":"2022-05-20T14:36:13","fromLocationId":"MDI","hospitalLocationCode":"HAZLWD","supportingPrisonId":"MDI"}"#
      )
      #expect(discharge.authorization == "Bearer upstream-token-for-ITAG_USER")
      #expect(
        try await gateway.database.patient("A12345")
          == "MDI|HAZLWD|MDI|2022-05-20T14:36:13|Historical discharge to hospital added to restricted patients|ITAG_USER|t"
      )
      #expect(try await gateway.database.events() == ["restricted-patients.patient.added A12345"])
      #expect(gateway.telemetry.names == ["restricted-patient-added-migrate"])
    }
  }

  @Test("29: a restricted patient cannot be migrated again")
  func existing() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      try await gateway.database.insertPatient("A12345")
      let answer = try await gateway.migrate()
      #expect(answer.status == 400)
      #expect(try answer.json == Patients.existing)
      #expect(gateway.prisonAPI.calls.isEmpty)
    }
  }

  private static let refusals: [([[String: String?]], String, String)] = [
    ([], "NO_MOVEMENTS", "Prisoner (A12345) does not have the correct latest movements to migrate"),
    ([[:], [:]], "MULTIPLE_MOVEMENTS", "Prisoner (A12345) has multiple latest movements"),
    ([["movementType": "ADM"]], "LAST_MOVE_NOT_REL", "Prisoner (A12345) was not released"),
    ([["movementType": "TPT"]], "LAST_MOVE_NOT_REL", "Prisoner (A12345) was not released"),
    ([["movementType": nil]], "LAST_MOVE_NOT_REL", "Prisoner (A12345) was not released"),
    (
      [["movementType": "ADM", "fromAgency": nil]], "LAST_MOVE_NOT_REL", "Prisoner (A12345) was not released"
    ),
    (
      [["fromAgency": nil]], "LAST_MOVE_NO_FROM_AGENCY",
      "Prisoner (A12345) does not have an agency id associated with the last movement"
    ),
    (
      [["movementDate": nil]], "DISCHARGE_TIME_INVALID",
      "Prisoner (A12345) does not have a valid movement date/time"
    ),
    (
      [["movementTime": nil]], "DISCHARGE_TIME_INVALID",
      "Prisoner (A12345) does not have a valid movement date/time"
    ),
    (
      [["movementTime": "9:36"]], "DISCHARGE_TIME_INVALID",
      "Prisoner (A12345) does not have a valid movement date/time"
    ),
    (
      [["movementTime": "24:00"]], "DISCHARGE_TIME_INVALID",
      "Prisoner (A12345) does not have a valid movement date/time"
    ),
  ]

  @Test(
    "30 to 34, 36: movements that are no single release are refused, in the contract's order",
    arguments: refusals
  )
  func refused(movements: [[String: String?]], code: String, message: String) async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      let texts = movements.map { ScriptedUpstream.movement($0) }
      gateway.prisonAPI.stub(ScriptedUpstream.movements, 200, "[\(texts.joined(separator: ","))]")
      let answer = try await gateway.migrate()
      #expect(answer.status == 400)
      #expect(try answer.json == Patients.rule(code, message))
      #expect(gateway.prisonAPI.calls == [ScriptedUpstream.movements])
      #expect(try await gateway.database.count("restricted_patients") == 0)
      #expect(try await gateway.database.count("restricted_patients_attempt") == 0)
    }
  }

  @Test("35: a time without seconds is told without them and answered with them")
  func withoutSeconds() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubMovements(ScriptedUpstream.movement(["movementTime": "14:36"]))
      gateway.prisonAPI.stubDischarge()
      #expect(try await gateway.migrate().json["dischargeTime"] == "2022-05-20T14:36:00")
      let discharge = try #require(gateway.prisonAPI.request(ScriptedUpstream.discharge("A12345")))
      #expect(discharge.body.hasPrefix(#"{"dischargeTime":"2022-05-20T14:36","#))
    }
  }

  @Test("37: movements that cannot be had are 500 UPSTREAM_ERROR", arguments: [503, 404])
  func upstreamFails(status: Int) async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stub(ScriptedUpstream.movements, status)
      let answer = try await gateway.migrate()
      #expect(answer.status == 500)
      #expect(try answer.json["errorCode"] == "UPSTREAM_ERROR")
      #expect(try await gateway.database.count("restricted_patients") == 0)
    }
  }
}
