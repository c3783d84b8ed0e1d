import ServerTestKit
import TestKit
import Testing

@Suite("docs/contract/restricted-patients.md §15: Read")
struct PatientReadTests {
  @Test("39, 54: a discharged patient is read with whole agencies; the lists are asked for once, in order")
  func read() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubBooking("A16345")
      gateway.prisonAPI.stubDischarge("A16345")
      gateway.prisonAPI.stubLists()
      #expect(try await gateway.discharge(Patients.dischargeBody("A16345")).status == 201)
      gateway.prisonAPI.forget()
      let answer = try await gateway.patient("A16345")
      #expect(answer.status == 200)
      #expect(
        answer.text
          == #"{"prisonerNumber":"A16345","fromLocation":{"agencyId":"MDI","description":"Moorland (HMP & YOI)","#
          + #""longDescription":"Moorland (HMP & YOI)","agencyType":"INST","active":true},"#
          + #""hospitalLocation":{"agencyId":"HAZLWD","description":"Hazelwood House","#
          + #""longDescription":"Hazelwood House","agencyType":"HSHOSP","active":true},"#
          + #""supportingPrison":{"agencyId":"MDI","description":"Moorland (HMP & YOI)","#
          + #""longDescription":"Moorland (HMP & YOI)","agencyType":"INST","active":true},"#
          + #""dischargeTime":"2020-10-10T00:00:00","commentText":"Prisoner was released to hospital","#
          + #""createDateTime":"2020-10-10T00:00:00","createUserId":"ITAG_USER"}"#
      )
      #expect(gateway.prisonAPI.calls == ScriptedUpstream.lists)
      for _ in 0..<3 { #expect(try await gateway.patient("A16345").text == answer.text) }
      #expect(gateway.prisonAPI.calls == ScriptedUpstream.lists)
    }
  }

  @Test("AD-42, 19, 40: no record is 404 without any call, though prison API is away")
  func absent() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubOthers { _ in (503, "") }
      let answer = try await gateway.patient("A12345")
      #expect(answer.status == 404)
      #expect(
        try answer.json
          == Patients.error(404, developer: "No restricted patient record found for prison number A12345")
      )
      #expect(gateway.prisonAPI.calls.isEmpty)
    }
  }

  @Test(
    "AD-40: a hospital that is newer than the lists kept is shown whole in the read after its first discharge"
  )
  func newHospital() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubLists()
      try await gateway.database.insertPatient("A23456")
      #expect(try await gateway.patient("A23456").status == 200)
      gateway.prisonAPI.stubLists(hospital: "NEWHSP")
      gateway.prisonAPI.stubBooking()
      gateway.prisonAPI.stubDischarge()
      let body = Patients.dischargeBody("A12345", ["hospitalLocationCode": "\"NEWHSP\""])
      #expect(try await gateway.discharge(body).status == 201)
      gateway.prisonAPI.forget()
      let hospital = try JSON(
        parsing: Array(ScriptedUpstream.agencyJSON("NEWHSP", "New hospital", "HSHOSP").utf8)
      )
      for _ in 0..<2 {
        #expect(try await gateway.patient("A12345").json["hospitalLocation"] == hospital)
      }
      #expect(gateway.prisonAPI.calls == ScriptedUpstream.lists)
      let page = try await gateway.get("/restricted-patients", token: gateway.reader()).json
      #expect(page["content"]?[0]?["hospitalLocation"] == hospital)
    }
  }

  @Test("AD-43, 41, 44: agencies in no list, a missing comment and an unknown creator are left out")
  func leftOut() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubLists()
      try await gateway.database.insertPatient("A12345", prison: "XXI", hospital: "NOWHERE", user: nil)
      #expect(
        try await gateway.patient("A12345").json.keys
          == ["prisonerNumber", "fromLocation", "dischargeTime", "createDateTime"]
      )
      // The lists were asked for since the request began, and are asked for again with the next.
      #expect(gateway.prisonAPI.calls == ScriptedUpstream.lists)
      #expect(try await gateway.patient("A12345").status == 200)
      #expect(gateway.prisonAPI.calls == ScriptedUpstream.lists + ScriptedUpstream.lists)
    }
  }

  @Test("42: of a hospital in both lists the entry among the hospitals is shown")
  func both() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubLists()
      gateway.prisonAPI.stub(
        ScriptedUpstream.lists[1],
        200,
        "[\(ScriptedUpstream.agencyJSON("HAZLWD", "The hospital", "HOSPITAL"))]"
      )
      try await gateway.database.insertPatient("A12345")
      #expect(
        try await gateway.patient("A12345").json["hospitalLocation"]?["description"] == "The hospital"
      )
    }
  }

  @Test("43: without any list to go on with it is 500 UPSTREAM_ERROR", arguments: [503, 404])
  func listsFail(status: Int) async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubLists()
      gateway.prisonAPI.stub(ScriptedUpstream.lists[2], status)
      try await gateway.database.insertPatient("A12345")
      let answer = try await gateway.patient("A12345")
      #expect(answer.status == 500)
      #expect(try answer.json["errorCode"] == "UPSTREAM_ERROR")
      #expect(gateway.prisonAPI.calls == ScriptedUpstream.lists)
    }
  }

  @Test("stale lists are better than none, until they are too old")
  func staleLists() async throws {
    let settings = ["RESTRICTED_PATIENTS_AGENCIES_REFRESH": "1ms"]
    try await withGateway(at: Patients.clock, settings: settings) { (gateway) async throws in
      gateway.prisonAPI.stubLists()
      try await gateway.database.insertPatient("A12345")
      #expect(try await gateway.patient("A12345").status == 200)
      gateway.prisonAPI.stub(ScriptedUpstream.lists[0], 503)
      #expect(try await gateway.patient("A12345").status == 200)
      try await eventually("prison API is asked four times") { gateway.prisonAPI.calls.count == 4 }
      #expect(try await gateway.patient("A12345").json["supportingPrison"]?["agencyId"] == "MDI")
    }
    let tooOld = settings.merging(["RESTRICTED_PATIENTS_AGENCIES_MAX_AGE": "1ms"]) { $1 }
    try await withGateway(at: Patients.clock, settings: tooOld) { (gateway) async throws in
      gateway.prisonAPI.stubLists()
      try await gateway.database.insertPatient("A12345")
      #expect(try await gateway.patient("A12345").status == 200)
      gateway.prisonAPI.stub(ScriptedUpstream.lists[0], 503)
      #expect(try await gateway.patient("A12345").status == 500)
    }
  }

  @Test("the list is paged and filtered by prison, hospital and day of discharge")
  func list() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubLists()
      try await gateway.database.insertPatient("A1111AA", discharged: "2020-01-01T23:59:59")
      try await gateway.database.insertPatient("A2222AA", prison: "MRI", discharged: "2020-02-01T00:00")
      try await gateway.database.insertPatient("A3333AA", hospital: "BRADEN", discharged: "2020-03-01T00:00")
      func numbers(_ query: String) async throws -> [JSON?] {
        let answer = try await gateway.get("/restricted-patients?\(query)", token: gateway.reader())
        #expect(answer.status == 200)
        return try answer.json["content"]?.items.map { $0["prisonerNumber"] } ?? []
      }
      #expect(try await numbers("") == ["A1111AA", "A2222AA", "A3333AA"])
      #expect(try await numbers("supportingPrisonId=MRI") == ["A2222AA"])
      #expect(try await numbers("hospitalLocationCode=BRADEN") == ["A3333AA"])
      #expect(try await numbers("dischargedFrom=2020-02-01") == ["A2222AA", "A3333AA"])
      #expect(try await numbers("dischargedFrom=2020-01-01&dischargedTo=2020-01-01") == ["A1111AA"])
      let page = try await gateway.get("/restricted-patients?page=1&size=2", token: gateway.reader()).json
      #expect(page["content"]?.items.count == 1)
      #expect(page["content"]?[0]?["hospitalLocation"]?["agencyId"] == "BRADEN")
      #expect(page["totalElements"] == 3)
      #expect(page["totalPages"] == 2)
      #expect(page["number"] == 1)
      #expect(page["first"] == false)
      #expect(page["last"] == true)
      #expect(try await numbers("page=2147483647&size=200") == [])
      for query in ["dischargedFrom=x", "dischargedTo=2020-02-30", "page=x", "size=0", "size=201", "page=-1"]
      {
        #expect(
          try await gateway.get("/restricted-patients?\(query)", token: gateway.reader()).status == 400
        )
      }
    }
  }

  @Test("role rules by endpoint, where a deployment names them")
  func roles() async throws {
    let rules = "read=ROLE_SEARCH_RESTRICTED_PATIENT|OTHER,discharge=TRANSFER_RESTRICTED_PATIENT"
    try await withGateway(at: Patients.clock, settings: ["RESTRICTED_PATIENTS_ROLES": rules]) {
      (gateway) async throws in
      let path = "/restricted-patient/prison-number/A12345"
      let refused = try await gateway.get(path, token: gateway.user())
      #expect(refused.status == 403)
      #expect(try refused.json == Patients.error(403))
      for role in ["SEARCH_RESTRICTED_PATIENT", "OTHER"] {
        #expect(try await gateway.get(path, token: gateway.token(roles: [role])).status == 404)
      }
      #expect(try await gateway.discharge().status == 403)
      #expect(try await gateway.removePatient("A12345").status == 404)
      #expect(gateway.prisonAPI.calls.isEmpty)
    }
  }

  @Test("114: an unknown path is 404 in the module's words, and 401 without a token")
  func unknownPath() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      let answer = try await gateway.get("/restricted-patients-api/foo", token: gateway.user())
      #expect(answer.status == 404)
      let text = "No static resource foo for request '/foo'."
      #expect(
        try answer.json
          == Patients.error(404, user: .text("No resource found failure: \(text)"), developer: .text(text))
      )
      #expect(try await gateway.get("/restricted-patients-api/foo").status == 401)
    }
  }

  @Test("the module answers on its own host, under its base path, and at the root of any other host")
  func mounting() async throws {
    try await withGateway(
      at: Patients.clock,
      settings: ["RESTRICTED_PATIENTS_HOSTS": "patients.example"]
    ) { (gateway) async throws in
      gateway.prisonAPI.stubLists()
      try await gateway.database.insertPatient("A12345")
      let path = "/restricted-patient/prison-number/A12345"
      let token = try gateway.user()
      #expect(try await gateway.get("/restricted-patients-api" + path, token: token).status == 200)
      let host = try await gateway.send("GET", path, token: token, headers: [("Host", "patients.example")])
      #expect(host.status == 200)
      let other = try await gateway.send(
        "GET",
        "/constants",
        token: token,
        headers: [("Host", "patients.example")]
      )
      #expect(other.status == 404)
    }
  }
}
