import ServerTestKit
import ServiceKit
import Testing

@Suite("docs/contract/restricted-patients.md §15: Change supporting prison")
struct ChangeSupportingPrisonTests {
  private static func stub(_ gateway: RunningGateway) async throws {
    gateway.prisonAPI.stubLists()
    gateway.prisonAPI.stub(
      ScriptedUpstream.agency("MDI"),
      200,
      ScriptedUpstream.agencyJSON("MDI", "Moorland (HMP & YOI)", "INST")
    )
    try await gateway.database.insertPatient("A12345", prison: "LEI")
  }

  @Test("54, 63: the prison is looked up, then changed, with audit columns, event and telemetry")
  func changed() async throws {
    try await withGateway(at: "2020-10-10T23:00:00Z") { (gateway) async throws in
      try await Self.stub(gateway)
      let answer = try await gateway.changePrison()
      #expect(answer.status == 200)
      #expect(try answer.json["supportingPrison"]?["description"] == "Moorland (HMP & YOI)")
      #expect(try answer.json["dischargeTime"] == "2020-10-09T00:00:00")
      #expect(gateway.prisonAPI.calls == [ScriptedUpstream.agency("MDI")] + ScriptedUpstream.lists)
      #expect(gateway.auth.tokenRequests == ["grant_type=client_credentials&scope=write"])
      #expect(
        try await gateway.database.row(
          "select concat_ws('|', supporting_prison_id, create_user_id, modify_user_id, modify_datetime) from restricted_patients"
        ) == "MDI|user|ITAG_USER|2020-10-11 00:00:00"
      )
      #expect(
        try await gateway.database.events() == [
          "restricted-patients.patient.supporting-prison-changed A12345"
        ]
      )
      let event = try #require(gateway.telemetry.events.first)
      #expect(event.name == "restricted-patient-changed-supporting-prison")
      #expect(
        event.properties == [
          "prisonerNumber": "A12345", "fromLocationId": "MDI", "hospitalLocationCode": "HAZLWD",
          "supportingPrisonId": "MDI", "dischargeTime": "2020-10-09T00:00",
        ]
      )
    }
  }

  @Test("55, 56, 62: no record, no change, no prison named: refused without any call")
  func refused() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      #expect(try await gateway.changePrison().status == 404)
      try await gateway.database.insertPatient("A12345")
      let unchanged = try await gateway.changePrison()
      #expect(unchanged.status == 400)
      #expect(
        try unchanged.json == Patients.rule("PRISON_UNCHANGED", "Prisoner (A12345) already supported by MDI")
      )
      let missing = try await gateway.post(
        "/change-supporting-prison",
        #"{"offenderNo":"A12345"}"#,
        token: gateway.user()
      )
      #expect(missing.status == 400)
      #expect(try missing.json["errorCode"] == .null)
      #expect(gateway.prisonAPI.calls.isEmpty)
    }
  }

  @Test(
    "AD-50, 57, 58, 59, 63: a prison or lists that cannot be had change nothing",
    arguments: [
      (ScriptedUpstream.agency("MDI"), 404, 400, "PRISON_NOT_FOUND"),
      (ScriptedUpstream.agency("MDI"), 200, 400, "PRISON_NOT_FOUND"),
      (ScriptedUpstream.agency("MDI"), 503, 500, "UPSTREAM_ERROR"),
      (ScriptedUpstream.lists[0], 503, 500, "UPSTREAM_ERROR"),
    ]
  )
  func upstreamFails(call: String, upstream: Int, status: Int, code: String) async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      try await Self.stub(gateway)
      gateway.prisonAPI.stub(call, upstream)
      let before = try await gateway.database.patient("A12345")
      let answer = try await gateway.changePrison()
      #expect(answer.status == status)
      #expect(try answer.json["errorCode"] == .text(code))
      if status == 400 {
        #expect(try answer.json == Patients.rule("PRISON_NOT_FOUND", "Prison MDI not found"))
      }
      #expect(try await gateway.database.patient("A12345") == before)
      #expect(try await gateway.database.events() == [])
    }
  }

  /// A patient of another prison, the lists kept, and a prison that has appeared since.
  private static func stubNewPrison(_ gateway: RunningGateway) async throws {
    gateway.prisonAPI.stubLists()
    try await gateway.database.insertPatient("A12345", prison: "HDI")
    #expect(try await gateway.patient("A12345").status == 200)
    gateway.prisonAPI.stub(
      ScriptedUpstream.agency("NEW"),
      200,
      ScriptedUpstream.agencyJSON("NEW", "New prison", "INST")
    )
    gateway.prisonAPI.stubLists(with: "NEW")
  }

  @Test(
    "AD-39: a prison that is newer than the lists kept is in the answer, in telemetry and in the read after it"
  )
  func newPrison() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      try await Self.stubNewPrison(gateway)
      gateway.prisonAPI.forget()
      let answer = try await gateway.changePrison(to: "NEW")
      #expect(answer.status == 200)
      let prison = try JSON(parsing: Array(ScriptedUpstream.agencyJSON("NEW", "New prison", "INST").utf8))
      #expect(try answer.json["supportingPrison"] == prison)
      #expect(gateway.telemetry.events.last?.properties["supportingPrisonId"] == "NEW")
      #expect(gateway.prisonAPI.calls == [ScriptedUpstream.agency("NEW")])
      #expect(try await gateway.patient("A12345").json["supportingPrison"] == prison)
    }
  }

  @Test(
    "AD-41: where the lists cannot be had again the read after it is 500 UPSTREAM_ERROR, and whole once they can"
  )
  func newPrisonUnlisted() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      try await Self.stubNewPrison(gateway)
      gateway.prisonAPI.stub(ScriptedUpstream.lists[0], 503)
      #expect(try await gateway.changePrison(to: "NEW").status == 200)
      for _ in 0..<2 {
        let answer = try await gateway.patient("A12345")
        #expect(answer.status == 500)
        #expect(try answer.json["errorCode"] == "UPSTREAM_ERROR")
      }
      gateway.prisonAPI.stubLists(with: "NEW")
      #expect(
        try await gateway.patient("A12345").json["supportingPrison"]?["description"] == "New prison"
      )
    }
  }

  @Test("60: an agency that is no prison of the list is taken, and left out of answer and telemetry")
  func notInList() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      try await Self.stub(gateway)
      gateway.prisonAPI.stub(
        ScriptedUpstream.agency("XYZ"),
        200,
        ScriptedUpstream.agencyJSON("XYZ", "Somewhere", "CRT")
      )
      let answer = try await gateway.changePrison(to: "XYZ")
      #expect(answer.status == 200)
      #expect(try answer.json["supportingPrison"] == nil)
      #expect(gateway.telemetry.events.first?.properties["supportingPrisonId"] == nil)
      #expect(try await gateway.database.patient("A12345").contains("|XYZ|"))
    }
  }

  @Test("an outbox that fails takes the change with it, and the caller is told")
  func outboxFails() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      try await Self.stub(gateway)
      // The outbox's own table, spoilt.
      try await gateway.database.run("create table test_outbox (nothing int)")
      #expect(try await gateway.changePrison().status == 500)
      #expect(try await gateway.database.patient("A12345").contains("|LEI|"))
      #expect(gateway.telemetry.events.isEmpty)
    }
  }
}
