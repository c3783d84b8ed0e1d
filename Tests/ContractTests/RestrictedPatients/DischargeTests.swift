import ServerTestKit
import ServiceKit
import TestKit
import Testing

@Suite("docs/contract/restricted-patients.md §15: Discharge to hospital")
struct DischargeTests {
  static let written = "MDI|HAZLWD|MDI|2020-10-10T00:00:00|Prisoner was released to hospital|ITAG_USER|t"

  @Test("1, 21: prison API is told, then the row is there, its event and its telemetry; no role is needed")
  func discharged() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubBooking()
      gateway.prisonAPI.stubDischarge()
      let answer = try await gateway.discharge()
      #expect(answer.status == 201)
      #expect(
        answer.text
          == #"{"prisonerNumber":"A12345","fromLocation":{"agencyId":"MDI"},"hospitalLocation":{"agencyId":"HAZLWD"},"#
          + #""supportingPrison":{"agencyId":"MDI"},"dischargeTime":"2020-10-10T00:00:00","#
          + #""commentText":"Prisoner was released to hospital","createDateTime":"2020-10-10T00:00:00","#
          + #""createUserId":"ITAG_USER"}"#
      )
      #expect(
        gateway.prisonAPI.calls == [ScriptedUpstream.booking("A12345"), ScriptedUpstream.discharge("A12345")]
      )
      let booking = try #require(gateway.prisonAPI.request(ScriptedUpstream.booking("A12345")))
      #expect(booking.query == "fullInfo=true&extraInfo=false&csraSummary=false")
      #expect(booking.authorization == "Bearer upstream-token")
      let discharge = try #require(gateway.prisonAPI.request(ScriptedUpstream.discharge("A12345")))
      #expect(
        discharge.body
          == #"{"dischargeTime":"2020-10-10T00:00","fromLocationId":"MDI","hospitalLocationCode":"HAZLWD","supportingPrisonId":"MDI"}"#
      )
      #expect(discharge.contentType == "application/json")
      #expect(discharge.authorization == "Bearer upstream-token-for-ITAG_USER")
      #expect(
        gateway.auth.tokenRequests == [
          "grant_type=client_credentials&scope=write",
          "grant_type=client_credentials&scope=write&username=ITAG_USER",
        ]
      )
      #expect(try await gateway.database.patient("A12345") == Self.written)
      #expect(try await gateway.database.events() == ["restricted-patients.patient.added A12345"])
      #expect(try await gateway.database.count("restricted_patients_attempt") == 0)
      let event = try #require(gateway.telemetry.events.first)
      #expect(event.name == "restricted-patient-added-discharge")
      #expect(
        event.properties == [
          "prisonerNumber": "A12345", "fromLocationId": "MDI", "hospitalLocationCode": "HAZLWD",
          "supportingPrisonId": "MDI", "dischargeTime": "2020-10-10T00:00",
        ]
      )
    }
  }

  @Test(
    "2 to 5, 17, 25: what is left out has its default, and each form of the time is told as the contract writes it",
    arguments: [
      (["supportingPrisonId": ""], "2020-10-10T00:00:00", "2020-10-10T00:00", "MDI"),
      (["supportingPrisonId": "\"LEI\""], "2020-10-10T00:00:00", "2020-10-10T00:00", "LEI"),
      (["dischargeTime": ""], "2020-10-10T00:00:00", "2020-10-10T00:00", "MDI"),
      (["dischargeTime": "\"2010-10-10T21:00\""], "2010-10-10T21:00:00", "2010-10-10T21:00", "MDI"),
      (
        ["dischargeTime": "\"2010-10-10T21:00:05.1\""], "2010-10-10T21:00:05.1", "2010-10-10T21:00:05.100",
        "MDI"
      ),
      (
        ["dischargeTime": "\"2019-05-14T11:01:58.135Z\""], "2019-05-14T11:01:58.135",
        "2019-05-14T11:01:58.135",
        "MDI"
      ),
      (["dischargeTime": "[2020,10,10,21,0]"], "2020-10-10T21:00:00", "2020-10-10T21:00", "MDI"),
      (["unknownField": "{\"a\":1}"], "2020-10-10T00:00:00", "2020-10-10T00:00", "MDI"),
    ]
  )
  func defaults(changes: [String: String], answered: String, sent: String, prison: String) async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubBooking(isActive: "\"true\"")
      gateway.prisonAPI.stubDischarge()
      let answer = try await gateway.discharge(Patients.dischargeBody("A12345", changes))
      #expect(answer.status == 201)
      #expect(try answer.json["dischargeTime"] == .text(answered))
      #expect(try answer.json["supportingPrison"] == ["agencyId": .text(prison)])
      let request = try #require(gateway.prisonAPI.request(ScriptedUpstream.discharge("A12345")))
      #expect(try JSON(parsing: Array(request.body.utf8))["dischargeTime"] == .text(sent))
      #expect(try JSON(parsing: Array(request.body.utf8))["supportingPrisonId"] == .text(prison))
      #expect(try await gateway.database.count("restricted_patients") == 1)
    }
  }

  @Test(
    "6, 15, 16: a body that cannot be read is 400 without a code, and nothing is called",
    arguments: [
      Patients.dischargeBody("A12345", ["dischargeTime": "\"2019-05-14T11:01:58+01:00\""]),
      Patients.dischargeBody("A12345", ["dischargeTime": "\"2019-05-14\""]),
      Patients.dischargeBody("A12345", ["fromLocationId": "null"]), #"{"offenderNo":"A12345"}"#, "{", "[]",
      Patients.dischargeBody() + "x", "",
    ]
  )
  func unreadable(body: String) async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      let answer = try await gateway.discharge(body)
      #expect(answer.status == 400)
      #expect(try answer.json["errorCode"] == .null)
      #expect(try answer.json["userMessage"] == .null)
      let text = try answer.json["developerMessage"]?.text ?? ""
      #expect(
        text.hasPrefix(body.isEmpty ? "Required request body is missing: " : "JSON parse error: ")
      )
      #expect(gateway.prisonAPI.calls.isEmpty)
      #expect(try await gateway.database.count("restricted_patients") == 0)
    }
  }

  @Test(
    "116: what no record can hold is 400 before prison API is told anything",
    arguments: [
      Patients.dischargeBody("A1234567"), Patients.dischargeBody("  "), Patients.dischargeBody("A1\\u0007"),
      Patients.dischargeBody("A12345", ["fromLocationId": "\"MDIMDI\""]),
      Patients.dischargeBody("A12345", ["supportingPrisonId": "\"MDIMDI\""]),
      Patients.dischargeBody("A12345", ["hospitalLocationCode": "\"HAZLWDHAZLWD\""]),
      Patients.dischargeBody("A12345", ["commentText": "\"" + String(repeating: "x", count: 241) + "\""]),
      Patients.dischargeBody("A12345", ["dischargeTime": "\"0000-01-01T00:00\""]),
    ]
  )
  func tooLong(body: String) async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      let answer = try await gateway.discharge(body)
      #expect(answer.status == 400)
      #expect(try answer.json["userMessage"]?.text?.hasPrefix("Validation failure: ") == true)
      #expect(gateway.prisonAPI.calls.isEmpty)
    }
  }

  @Test("a user name that its column cannot hold is refused as well")
  func longUser() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      let name = String(repeating: "U", count: 33)
      #expect(try await gateway.discharge(user: name).status == 400)
      #expect(gateway.prisonAPI.calls.isEmpty)
    }
  }

  @Test("A hospital that is a prison of the same request is not refused")
  func hospitalIsPrison() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubBooking()
      gateway.prisonAPI.stubDischarge()
      let body = Patients.dischargeBody("A12345", ["hospitalLocationCode": "\"MDI\""])
      #expect(try await gateway.discharge(body).status == 201)
      #expect(try await gateway.database.patient("A12345").hasPrefix("MDI|MDI|MDI|"))
    }
  }

  @Test(
    "AD-50, 7: without an active booking it is 404, and nothing is written",
    arguments: [
      (200, #"{"offenderNo":"A12345","bookingId":1138058,"activeFlag":false}"#), (404, "{}"), (200, ""),
    ]
  )
  func notActive(status: Int, booking: String) async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stub(ScriptedUpstream.booking("A12345"), status, booking)
      let answer = try await gateway.discharge()
      #expect(answer.status == 404)
      #expect(
        try answer.json
          == Patients.error(404, developer: "No prisoner with activeFlag 'Y' found for A12345")
      )
      #expect(gateway.prisonAPI.calls == [ScriptedUpstream.booking("A12345")])
      #expect(try await gateway.database.count("restricted_patients") == 0)
      #expect(try await gateway.database.count("restricted_patients_attempt") == 0)
      #expect(try await gateway.database.events() == [])
    }
  }

  @Test("AD-32: a token that takes longer than a call may take does not fail the call")
  func slowToken() async throws {
    try await withGateway(at: Patients.clock, settings: ["API_TIMEOUT": "200ms"]) { (gateway) async throws in
      gateway.auth.tokenDelay = .milliseconds(400)
      gateway.prisonAPI.stubBooking()
      gateway.prisonAPI.stubDischarge()
      #expect(try await gateway.discharge().status == 201)
      #expect(gateway.auth.tokenRequests.count == 2)
    }
  }

  @Test("8: a restricted patient cannot be discharged again")
  func existing() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      try await gateway.database.insertPatient("A12345")
      let before = try await gateway.database.patient("A12345")
      let answer = try await gateway.discharge()
      #expect(answer.status == 400)
      #expect(try answer.json == Patients.existing)
      #expect(gateway.prisonAPI.calls.isEmpty)
      #expect(try await gateway.database.patient("A12345") == before)
    }
  }

  @Test("9: a booking that cannot be had is 500 UPSTREAM_ERROR, which names the call without its query")
  func bookingFails() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stub(ScriptedUpstream.booking("A12345"), 503)
      let answer = try await gateway.discharge()
      #expect(answer.status == 500)
      #expect(try answer.json["errorCode"] == "UPSTREAM_ERROR")
      #expect(try answer.json["userMessage"] == .null)
      let text = try answer.json["developerMessage"]?.text ?? ""
      #expect(text.hasPrefix("503 Service Unavailable from GET http://127.0.0.1:"))
      #expect(text.hasSuffix("/api/bookings/offenderNo/A12345"))
      #expect(gateway.prisonAPI.calls.count == 1)
      #expect(try await gateway.database.count("restricted_patients") == 0)
    }
  }

  @Test("10: a discharge that is refused is 500 UPSTREAM_ERROR, and nothing is left", arguments: [500, 404])
  func dischargeRefused(status: Int) async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubBooking()
      gateway.prisonAPI.stub(ScriptedUpstream.discharge("A12345"), status)
      let answer = try await gateway.discharge()
      #expect(answer.status == 500)
      #expect(try answer.json["errorCode"] == "UPSTREAM_ERROR")
      #expect(gateway.prisonAPI.calls.count == 2)
      #expect(try await gateway.database.count("restricted_patients") == 0)
      #expect(try await gateway.database.count("restricted_patients_attempt") == 0)
      #expect(try await gateway.database.events() == [])
      #expect(gateway.telemetry.events.isEmpty)
    }
  }

  @Test(
    "11: of a discharge without a proper answer nobody knows: 500, no row, and it can be seen",
    arguments: [true, false]
  )
  func unknownOutcome(hangs: Bool) async throws {
    try await withGateway(at: Patients.clock, settings: ["API_TIMEOUT": "500ms"]) { (gateway) async throws in
      gateway.prisonAPI.stubBooking()
      gateway.prisonAPI.stub(ScriptedUpstream.discharge("A12345"), 201, "")
      if hangs { gateway.prisonAPI.hold(ScriptedUpstream.discharge("A12345")) }
      let answer = try await gateway.discharge()
      #expect(answer.status == 500)
      #expect(try answer.json["errorCode"] == .null)
      #expect(try answer.json["userMessage"]?.text?.hasPrefix("Unexpected error: ") == true)
      #expect(try await gateway.database.count("restricted_patients") == 0)
      let admin = try gateway.token(roles: ["RESTRICTED_PATIENTS_ADMIN"], user: "ADMIN")
      let path = "/restricted-patients/unknown-outcomes"
      let unknown = try await gateway.get(path, token: admin).json
      #expect(unknown[0]?["prisonerNumber"] == "A12345")
      #expect(unknown[0]?["operation"] == "ADD")
      #expect(unknown[0]?["requestedBy"] == "ITAG_USER")
      #expect(gateway.telemetry.names == ["restricted-patient-outcome-unknown"])
      // Whoever tries again learns no more, and prison API is not told again.
      gateway.prisonAPI.letGo()
      gateway.prisonAPI.stubDischarge()
      gateway.prisonAPI.stubMovements()
      #expect(try await gateway.discharge().status == 503)
      #expect(gateway.prisonAPI.calls.count { $0 == ScriptedUpstream.discharge("A12345") } == 1)
      #expect(try await gateway.get(path, token: admin).json[0]?["prisonerNumber"] == "A12345")
      #expect(try await gateway.get(path, token: gateway.user()).status == 403)
    }
  }

  @Test("a discharge that prison API has made, but the database cannot hold, is no record, and can be seen")
  func databaseFailsAfterwards() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubBooking()
      gateway.prisonAPI.stubDischarge()
      // The outbox's own table, spoilt.
      try await gateway.database.run("create table test_outbox (nothing int)")
      #expect(try await gateway.discharge().status == 500)
      #expect(try await gateway.database.count("restricted_patients") == 0)
      #expect(gateway.telemetry.names == ["restricted-patient-outcome-unknown"])
      let outcomes = try await gateway.get(
        "/restricted-patients/unknown-outcomes",
        token: gateway.token(roles: ["RESTRICTED_PATIENTS_ADMIN"])
      ).json
      #expect(outcomes[0]?["prisonerNumber"] == "A12345")
      #expect(outcomes[0]?["operation"] == "ADD")
      #expect(outcomes[0]?["reason"] == "prison API has done it, but the record could not be changed")
    }
  }

  @Test("14: an internal failure tells nothing but that there was one")
  func internalFailure() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      try await gateway.database.run("alter table restricted_patients rename to elsewhere")
      let answer = try await gateway.discharge()
      #expect(answer.status == 500)
      #expect(try answer.json["errorCode"] == .null)
      #expect(try answer.json["userMessage"]?.text?.hasPrefix("Unexpected error: ") == true)
      #expect(try answer.json.keys.count == 5)
      #expect(gateway.prisonAPI.calls.isEmpty)
    }
  }

  @Test("18: another media type is 415 and another method 405, in the module's shape")
  func mediaTypeAndMethod() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      let type = try await gateway.send(
        "POST",
        "/discharge-to-hospital",
        token: gateway.user(),
        headers: [("Content-Type", "text/plain")],
        body: Patients.dischargeBody()
      )
      #expect(type.status == 415)
      let text = "Content-Type 'text/plain' is not supported"
      #expect(
        try type.json == Patients.error(415, user: .text("Unexpected error: \(text)"), developer: .text(text))
      )
      let method = try await gateway.send("PUT", "/discharge-to-hospital", token: gateway.user())
      #expect(method.status == 405)
      #expect(try method.json["developerMessage"] == "Request method 'PUT' is not supported")
      #expect(gateway.prisonAPI.calls.isEmpty)
    }
  }

  @Test("20: no token or an expired one is 401 with a challenge and no body")
  func unauthorised() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      let expired = try gateway.token(roles: [], user: "ITAG_USER", expiresIn: -3600)
      for token in [nil, expired] {
        let answer = try await gateway.post("/discharge-to-hospital", Patients.dischargeBody(), token: token)
        #expect(answer.status == 401)
        #expect(answer.body.isEmpty)
        #expect(answer.header("WWW-Authenticate")?.hasPrefix("Bearer") == true)
      }
      #expect(gateway.prisonAPI.calls.isEmpty)
    }
  }

  @Test("22: each user's discharge is made with a token for that user")
  func twoUsers() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      for (number, user) in [("A12345", "USER1"), ("A12346", "USER2")] {
        gateway.prisonAPI.stubBooking(number)
        gateway.prisonAPI.stubDischarge(number)
        #expect(try await gateway.discharge(Patients.dischargeBody(number), user: user).status == 201)
      }
      #expect(
        Set(gateway.auth.tokenRequests) == [
          "grant_type=client_credentials&scope=write",
          "grant_type=client_credentials&scope=write&username=USER1",
          "grant_type=client_credentials&scope=write&username=USER2",
        ]
      )
      #expect(try await gateway.database.count("restricted_patients") == 2)
    }
  }

  @Test("23: a client's own token is sent on as its subject, and the client is the creator")
  func clientToken() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubBooking()
      gateway.prisonAPI.stubDischarge()
      let token = try gateway.token(roles: [])
      let answer = try await gateway.post("/discharge-to-hospital", Patients.dischargeBody(), token: token)
      #expect(answer.status == 201)
      #expect(try answer.json["createUserId"] == "test-client")
      #expect(gateway.auth.tokenRequests.last?.hasSuffix("&username=test-client") == true)
    }
  }

  @Test("24: a token that says how long it lives is kept, one that does not is asked for each time")
  func tokensKept() async throws {
    for (lifetime, requests) in [(3600 as Int?, 1), (nil, 3)] {
      try await withGateway(at: Patients.clock) { (gateway) async throws in
        gateway.auth.lifetime = lifetime
        gateway.prisonAPI.stubLists()
        try await gateway.database.insertPatient("A12345")
        for _ in 0..<2 { #expect(try await gateway.patient("A12345").status == 200) }
        #expect(gateway.auth.tokenRequests.count == requests)
      }
    }
  }

  @Test("26, 12: a reader sees nothing of a discharge in progress, and nothing after one that failed")
  func invisibleUntilCommit() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubBooking()
      gateway.prisonAPI.stub(ScriptedUpstream.discharge("A12345"), 500)
      gateway.prisonAPI.hold(ScriptedUpstream.discharge("A12345"))
      async let discharge = gateway.discharge()
      try await eventually("prison API is told") {
        gateway.prisonAPI.calls.last == ScriptedUpstream.discharge("A12345")
      }
      #expect(try await gateway.patient("A12345").status == 404)
      gateway.prisonAPI.letGo()
      #expect(try await discharge.status == 500)
      #expect(try await gateway.patient("A12345").status == 404)
    }
  }

  @Test(
    "of two concurrent discharges of one prisoner one succeeds, and the other waits until there is a record"
  )
  func concurrent() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubBooking()
      gateway.prisonAPI.stubDischarge()
      gateway.prisonAPI.hold(ScriptedUpstream.discharge("A12345"))
      async let first = gateway.discharge(user: "USER1")
      try await eventually("prison API is asked and told") { gateway.prisonAPI.calls.count == 2 }
      async let second = gateway.discharge(user: "USER2")
      try await eventually("a second row is tried") { try await gateway.database.rowsTried() > 1 }
      #expect(try await gateway.patient("A12345").status == 404)
      gateway.prisonAPI.letGo()
      #expect(try await first.status == 201)
      #expect(try await second.status == 400)
      #expect(try await second.json == Patients.existing)
      #expect(gateway.prisonAPI.calls.count == 2)
      #expect(try await gateway.database.events() == ["restricted-patients.patient.added A12345"])
    }
  }

  @Test("ten discharges of one prisoner at once: one 201, one call, one event")
  func stampede() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubBooking()
      gateway.prisonAPI.stubDischarge()
      let statuses = try await withThrowingTaskGroup(of: Int.self) { tasks in
        for _ in 0..<10 { tasks.addTask { try await gateway.discharge().status } }
        var statuses: [Int] = []
        for try await status in tasks { statuses.append(status) }
        return statuses
      }
      #expect(statuses.sorted() == [201] + Array(repeating: 400, count: 9))
      #expect(gateway.prisonAPI.calls.count { $0 == ScriptedUpstream.discharge("A12345") } == 1)
      #expect(try await gateway.database.events().count == 1)
    }
  }

  @Test("a caller who goes away does not leave a discharge half done")
  func callerGone() async throws {
    try await withGateway(at: Patients.clock, settings: ["SERVER_REQUEST_TIMEOUT": "1s"]) {
      (gateway) async throws in
      gateway.prisonAPI.stubBooking()
      gateway.prisonAPI.stubDischarge()
      let head = "POST /discharge-to-hospital HTTP/1.1\r\nHost: 127.0.0.1:\(gateway.port)\r\n"
      let body = Patients.dischargeBody()
      let fields =
        "Authorization: Bearer \(try gateway.user())\r\nContent-Type: application/json\r\n"
        + "Content-Length: \(body.utf8.count)\r\n\r\n"
      gateway.prisonAPI.hold(ScriptedUpstream.discharge("A12345"))
      let connection = try AbandonedRequest(port: gateway.port, sending: head + fields + body)
      try await eventually("prison API is asked and told") { gateway.prisonAPI.calls.count == 2 }
      connection.close()
      gateway.prisonAPI.letGo()
      try await eventually("the patient is recorded") {
        try await gateway.database.count("restricted_patients") == 1
      }
      #expect(try await gateway.database.count("restricted_patients_attempt") == 0)
    }
  }

  @Test("while prison API hangs and 40 discharges wait, reads of both modules are answered")
  func bulkhead() async throws {
    try await withGateway(
      at: Patients.clock,
      settings: ["API_TIMEOUT": "3s", "DATABASE_WRITE_CONNECTIONS": "1"]
    ) { (gateway) async throws in
      gateway.prisonAPI.stubLists()
      try await gateway.database.insertPatient("A12345")
      let id = try await gateway.database.insertOpen("G9012HI", "L3456MN")
      for index in 0..<40 { gateway.prisonAPI.hold(ScriptedUpstream.booking("B100\(index)")) }
      try await withThrowingTaskGroup(of: Answer.self) { discharges in
        for index in 0..<40 {
          discharges.addTask { try await gateway.discharge(Patients.dischargeBody("B100\(index)")) }
        }
        try await eventually("twenty calls have come to prison API") {
          gateway.prisonAPI.callsBesideLists.count >= 20
        }
        for _ in 0..<20 {
          #expect(try await gateway.patient("A12345").status == 200)
          #expect(
            try await gateway.get("/non-associations/\(id)", token: gateway.reader()).status == 200
          )
        }
        for try await answer in discharges { #expect(answer.status == 500) }
      }
      #expect(try await gateway.database.count("restricted_patients") == 1)
      #expect(try await gateway.database.count("restricted_patients_attempt") == 0)
    }
  }
}
