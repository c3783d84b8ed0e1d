import ServerTestKit
import ServiceKit
import TestKit
import Testing

@Suite("docs/contract/restricted-patients.md §15: Remove")
struct RemoveTests {
  @Test("45, 48, 51: prison API is told, the record goes to the archive, and a second time it is 404")
  func removed() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      try await gateway.database.insertPatient("A12345")
      gateway.search.answer(inTurn: [(200, "[\(Patients.found("A12345"))]")])
      gateway.prisonAPI.stub(ScriptedUpstream.release)
      let answer = try await gateway.removePatient("A12345")
      #expect(answer.status == 200)
      #expect(
        answer.text
          == #"{"prisonerNumber":"A12345","fromLocationId":"MDI","hospitalLocationCode":"HAZLWD","#
          + #""supportingPrisonId":"MDI","dischargeTime":"2020-10-09T00:00:00","commentText":null,"#
          + #""createDateTime":"2020-10-10T00:00:00","createUserId":"user","modifyDateTime":"2020-10-10T00:00:00","#
          + #""modifyUserId":"user"}"#
      )
      let search = try #require(gateway.search.lastRequest)
      #expect(search.path == "/prisoner-search/prisoner-numbers")
      #expect(search.body == #"{"prisonerNumbers":["A12345"]}"#)
      #expect(search.authorization == "Bearer upstream-token")
      #expect(
        Set(search.query.split(separator: "&").map(String.init))
          == Set(
            [
              "prisonerNumber", "bookingId", "conditionalReleaseDate", "sentenceExpiryDate", "recall",
              "indeterminateSentence", "legalStatus", "lastMovementTypeCode", "lastMovementReasonCode",
            ].map { "responseFields=\($0)" }
          )
      )
      let release = try #require(gateway.prisonAPI.request(ScriptedUpstream.release))
      #expect(
        release.body
          == #"{"bookingId":1138058,"fromAgencyId":"HAZLWD","toAgencyId":"OUT","movementTime":"2020-10-10T00:00:00","movementType":"REL","movementReason":"CR","directionCode":"OUT"}"#
      )
      #expect(release.authorization == "Bearer upstream-token-for-ITAG_USER")
      #expect(try await gateway.database.count("restricted_patients") == 0)
      #expect(try await gateway.database.count("restricted_patients_attempt") == 0)
      #expect(try await gateway.database.events() == ["restricted-patients.patient.removed A12345"])
      #expect(gateway.telemetry.names == ["restricted-patient-removed"])
      #expect(gateway.telemetry.events.first?.properties["dischargeTime"] == "2020-10-09T00:00")
      #expect(try await gateway.patient("A12345").status == 404)
      #expect(try await gateway.removePatient("A12345").status == 404)
      #expect(try await gateway.database.events().count == 1)
      let history = try await gateway.get(
        "/restricted-patient/prison-number/A12345/history",
        token: gateway.reader()
      )
      #expect(
        history.text
          == #"{"prisonerNumber":"A12345","current":null,"removed":["# + String(answer.text.dropLast())
          + #","removedDateTime":"2020-10-10T00:00:00","removedUserId":"ITAG_USER","removedBecause":"USER"}]}"#
      )
    }
  }

  @Test("46: without a record it is 404, without any call; so is the history of nobody")
  func absent() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      let answer = try await gateway.removePatient("A12345")
      #expect(answer.status == 404)
      let text = "No restricted patient record found for prison number A12345"
      #expect(try answer.json == Patients.error(404, developer: .text(text)))
      #expect(gateway.search.requestCount == 0)
      #expect(gateway.prisonAPI.calls.isEmpty)
      let path = "/restricted-patient/prison-number/A12345/history"
      #expect(try await gateway.get(path, token: gateway.reader()).status == 404)
    }
  }

  @Test("47: a prisoner whom search does not know stays")
  func unknownToSearch() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      try await gateway.database.insertPatient("A12345")
      gateway.search.answer(inTurn: [(200, "[]")])
      let answer = try await gateway.removePatient("A12345")
      #expect(answer.status == 404)
      #expect(
        try answer.json == Patients.error(404, developer: "No prisoner search results returned for A12345")
      )
      #expect(try await gateway.database.count("restricted_patients") == 1)
    }
  }

  @Test("48: search that fails is 500 UPSTREAM_ERROR", arguments: [404, 500])
  func searchFails(status: Int) async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      try await gateway.database.insertPatient("A12345")
      gateway.search.answer(status: status)
      let answer = try await gateway.removePatient("A12345")
      #expect(answer.status == 500)
      #expect(try answer.json["errorCode"] == "UPSTREAM_ERROR")
      #expect(try await gateway.database.count("restricted_patients") == 1)
      #expect(try await gateway.database.count("restricted_patients_attempt") == 0)
    }
  }

  @Test(
    "12, 49, 52: the removal is prepared, and readers see the record while prison API is told, and after it has refused"
  )
  func releaseFails() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubLists()
      try await gateway.database.insertPatient("A12345")
      gateway.search.answer(inTurn: [(200, "[\(Patients.found("A12345"))]")])
      gateway.prisonAPI.stub(ScriptedUpstream.release, 503)
      gateway.prisonAPI.hold(ScriptedUpstream.release)
      async let removal = gateway.removePatient("A12345")
      try await eventually("prison API is told") { gateway.prisonAPI.calls == [ScriptedUpstream.release] }
      #expect(try await gateway.patient("A12345").status == 200)
      #expect(try await gateway.database.row("select operation from restricted_patients_attempt") == "REMOVE")
      gateway.prisonAPI.letGo()
      let answer = try await removal
      #expect(answer.status == 500)
      #expect(try answer.json["errorCode"] == "UPSTREAM_ERROR")
      #expect(try await gateway.patient("A12345").status == 200)
      #expect(try await gateway.database.events() == [])
      #expect(gateway.telemetry.events.isEmpty)
      #expect(try await gateway.database.count("restricted_patients_attempt") == 0)
    }
  }

  @Test("AD-51: a redirect is no proof that prison API has recorded the release: 500, and the record stays")
  func releaseRedirected() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      try await gateway.database.insertPatient("A12345")
      gateway.search.answer(inTurn: [(200, "[\(Patients.found("A12345"))]")])
      gateway.prisonAPI.stub(ScriptedUpstream.release, inTurn: [(302, ""), (200, "")])
      let answer = try await gateway.removePatient("A12345")
      #expect(answer.status == 500)
      #expect(try answer.json["errorCode"] == "UPSTREAM_ERROR")
      #expect(try answer.json["developerMessage"]?.text?.hasPrefix("302 Found from POST ") == true)
      #expect(gateway.prisonAPI.calls == [ScriptedUpstream.release])
      #expect(try await gateway.database.count("restricted_patients") == 1)
      #expect(try await gateway.database.events() == [])
      #expect(try await gateway.removePatient("A12345").status == 200)
    }
  }

  @Test(
    "of a removal without an answer nobody knows: the record stays, and prison API is told again only if it had not heard",
    arguments: [
      (ScriptedUpstream.movement(), 2), (ScriptedUpstream.movement(["movementReasonCode": "CR "]), 2),
      (
        ScriptedUpstream.movement([
          "movementReasonCode": "CR", "toAgency": "OUT", "movementDate": "2020-10-08",
        ]), 2
      ),
      (
        ScriptedUpstream.movement([
          "movementReasonCode": "CR", "toAgency": "OUT", "movementDate": "2020-10-10",
        ]), 1
      ),
    ]
  )
  func unknownOutcome(latest: String, releases: Int) async throws {
    try await withGateway(at: Patients.clock, settings: ["API_TIMEOUT": "500ms"]) { (gateway) async throws in
      try await gateway.database.insertPatient("A12345")
      gateway.search.answer(inTurn: [(200, "[\(Patients.found("A12345"))]")])
      gateway.prisonAPI.stub(ScriptedUpstream.release)
      gateway.prisonAPI.hold(ScriptedUpstream.release)
      #expect(try await gateway.removePatient("A12345").status == 500)
      #expect(try await gateway.database.count("restricted_patients") == 1)
      let admin = try gateway.token(roles: ["RESTRICTED_PATIENTS_ADMIN"])
      let path = "/restricted-patients/unknown-outcomes"
      #expect(try await gateway.get(path, token: admin).json[0]?["operation"] == "REMOVE")
      gateway.prisonAPI.letGo()
      // Prison API cannot be asked what it did, so nothing is done.
      let unasked = try await gateway.removePatient("A12345")
      #expect(unasked.status == 503)
      #expect(unasked.header("Retry-After") == "30")
      #expect(try await gateway.database.count("restricted_patients") == 1)
      gateway.prisonAPI.stubMovements(latest)
      #expect(try await gateway.removePatient("A12345").status == 200)
      #expect(gateway.prisonAPI.calls.filter { $0 == ScriptedUpstream.release }.count == releases)
      #expect(try await gateway.database.events() == ["restricted-patients.patient.removed A12345"])
      #expect(try await gateway.get(path, token: admin).json == [])
    }
  }

  @Test("an attempt of a process that died is in nobody's way once it has expired, and can be seen")
  func expiredAttempt() async throws {
    try await withGateway(at: Patients.clock, settings: ["API_TIMEOUT": "500ms"]) { (gateway) async throws in
      try await gateway.database.insertPatient("A12345")
      gateway.search.answer(inTurn: [(200, "[\(Patients.found("A12345"))]")])
      gateway.prisonAPI.stub(ScriptedUpstream.release)
      try await gateway.database.run(
        """
        insert into restricted_patients_attempt (prisoner_number, operation, expires_at)
        values ('A12345', 'REMOVE', now() + interval '1 hour')
        """
      )
      let busy = try await gateway.removePatient("A12345")
      #expect(busy.status == 503)
      #expect(busy.header("Retry-After") == "5")
      #expect(try busy.json["errorCode"] == "CHANGE_UNDER_WAY")
      try await gateway.database.run("update restricted_patients_attempt set expires_at = now()")
      gateway.prisonAPI.stubMovements()
      let admin = try gateway.token(roles: ["RESTRICTED_PATIENTS_ADMIN"])
      let path = "/restricted-patients/unknown-outcomes"
      #expect(try await gateway.get(path, token: admin).json.items.count == 1)
      #expect(try await gateway.removePatient("A12345").status == 200)
      #expect(try await gateway.get(path, token: admin).json == [])
    }
  }

  @Test("53: the time of the movement has seconds and no fraction")
  func fraction() async throws {
    try await withGateway(at: "2020-10-10T09:11:12.900000Z") { (gateway) async throws in
      try await gateway.database.insertPatient("A12345")
      gateway.search.answer(inTurn: [(200, "[\(Patients.found("A12345"))]")])
      gateway.prisonAPI.stub(ScriptedUpstream.release)
      #expect(try await gateway.removePatient("A12345").status == 200)
      #expect(
        gateway.prisonAPI.request(ScriptedUpstream.release)?.body.contains(
          #""movementTime":"2020-10-10T10:11:12""#
        ) == true
      )
    }
  }
}
