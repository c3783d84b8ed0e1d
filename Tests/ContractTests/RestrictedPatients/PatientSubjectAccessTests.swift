import Foundation
import ServerTestKit
import Testing

@Suite("docs/contract/restricted-patients.md §15: Subject access requests")
struct PatientSubjectAccessTests {
  private static let path = "/restricted-patients-api/subject-access-request"

  /// The row of `SarIntegrationTest`: made and changed by `user`.
  private static func insert(_ gateway: RunningGateway) async throws {
    try await gateway.database.insertPatient("G1072GT", prison: "LEI")
    try await gateway.database.run(
      "update restricted_patients set comment_text = 'Released to hospital (Restricted Patients migration)'"
    )
  }

  private static func ask(_ gateway: RunningGateway, _ query: String = "?prn=G1072GT") async throws -> Answer
  {
    try await gateway.get(path + query, token: gateway.token(roles: ["SAR_DATA_ACCESS"]))
  }

  @Test("64, 65: no token is 401, no role or another one 403 with nothing said, and nobody is asked")
  func roles() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      try await Self.insert(gateway)
      for target in [Self.path + "?prn=G1072GT", Self.path + "/template"] {
        #expect(try await gateway.get(target).status == 401)
        for roles in [[], ["BANANAS"]] {
          let answer = try await gateway.get(target, token: gateway.token(roles: roles))
          #expect(answer.status == 403)
          #expect(try answer.json == Patients.error(403))
        }
      }
      #expect(gateway.prisonAPI.calls.isEmpty)
    }
  }

  @Test(
    "AD-50, 66, 67: the record, with the hospital's description if prison API has one",
    arguments: [
      (200, ScriptedUpstream.agencyJSON("HAZLWD", "Hazelwood House", "HSHOSP"), "Hazelwood House"),
      (404, "{}", "HAZLWD"), (200, "", "HAZLWD"),
    ]
  )
  func content(status: Int, agency: String, description: String) async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      try await Self.insert(gateway)
      gateway.prisonAPI.stub(ScriptedUpstream.agency("HAZLWD"), status, agency)
      let answer = try await Self.ask(gateway)
      #expect(answer.status == 200)
      #expect(
        answer.text
          == #"{"content":{"prisonerNumber":"G1072GT","supportingPrisonId":"LEI","hospitalLocationCode":"HAZLWD","#
          + #""hospitalLocationDescription":"\#(description)","#
          + #""dischargeTime":"2020-10-09T00:00:00","#
          + #""commentText":"Released to hospital (Restricted Patients migration)","#
          + #""createdDate":"2020-10-10T00:00:00","createdUsername":"user","modifiedDate":"2020-10-10T00:00:00","#
          + #""modifiedUsername":"user"},"attachments":null}"#
      )
      #expect(gateway.prisonAPI.calls == [ScriptedUpstream.agency("HAZLWD")])
      #expect(gateway.prisonAPI.requests.first?.authorization == "Bearer upstream-token")
    }
  }

  @Test("68: who changed it and when, if anybody did; and who made it, if that is known")
  func audit() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      try await Self.insert(gateway)
      try await gateway.database.run(
        "update restricted_patients set modify_datetime = '2021-05-05T10:11:12', modify_user_id = 'EDITOR'"
      )
      let changed = try await Self.ask(gateway).json
      #expect(changed["content"]?["modifiedDate"] == "2021-05-05T10:11:12")
      #expect(changed["content"]?["modifiedUsername"] == "EDITOR")
      try await gateway.database.run(
        "update restricted_patients set modify_datetime = null, modify_user_id = null, create_user_id = null"
      )
      let content = try #require(try await Self.ask(gateway).json["content"])
      #expect(
        content.keys == [
          "prisonerNumber", "supportingPrisonId", "hospitalLocationCode", "hospitalLocationDescription",
          "dischargeTime", "commentText", "createdDate",
        ]
      )
    }
  }

  @Test("69: nothing held is 204 without any call; an agency that cannot be had is 500 UPSTREAM_ERROR")
  func nothing() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      let answer = try await Self.ask(gateway)
      #expect(answer.status == 204 && answer.body.isEmpty)
      #expect(gateway.prisonAPI.calls.isEmpty)
      try await Self.insert(gateway)
      gateway.prisonAPI.stub(ScriptedUpstream.agency("HAZLWD"), 503)
      let failed = try await Self.ask(gateway)
      #expect(failed.status == 500)
      #expect(try failed.json["errorCode"] == "UPSTREAM_ERROR")
    }
  }

  @Test("70, 71: no number at all, a case reference alone, a day that is none; both days are ignored")
  func parameters() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      try await Self.insert(gateway)
      let text: JSON = "One of prn or crn must be supplied."
      for query in ["", "?prn=%20"] {
        let answer = try await Self.ask(gateway, query)
        #expect(answer.status == 400)
        #expect(try answer.json == Patients.error(400, user: text, developer: text))
      }
      let reference = try await Self.ask(gateway, "?crn=X1")
      #expect(reference.status == 209 && reference.body.isEmpty)
      #expect(try await Self.ask(gateway, "?prn=G1072GT&fromDate=x").status == 400)
      #expect(
        try await Self.ask(gateway, "?prn=G1072GT&crn=X1&fromDate=2030-01-01&toDate=2030-01-02").status == 200
      )
    }
  }

  @Test("AD-38, 72: the template has the contract's nine rows, and names nothing that the content has not")
  func template() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      let answer = try await Self.ask(gateway, "/template")
      #expect(answer.status == 200)
      #expect(answer.header("Content-Type")?.hasPrefix("text/plain") == true)
      let rows = answer.text.split(separator: "\n").filter { $0.contains("<tr>") }.map {
        $0.trimmingCharacters(in: .whitespaces)
      }
      #expect(
        rows == [
          "<tr><td>Prisoner number</td><td>{{ prisonerNumber }}</td></tr>",
          "<tr><td>Discharge time</td><td>{{ formatDate dischargeTime }}</td></tr>",
          "<tr><td>Hospital location</td><td>{{ hospitalLocationDescription }}</td></tr>",
          "<tr><td>Supporting prison</td><td>{{ getPrisonName supportingPrisonId }}</td></tr>",
          "<tr><td>Comment</td><td>{{ optionalValue commentText }}</td></tr>",
          "<tr><td>Created date</td><td>{{ formatDate createdDate }}</td></tr>",
          "<tr><td>Created by</td><td>{{ getUserLastName createdUsername }}</td></tr>",
          "<tr><td>Modified date</td><td>{{ optionalValue (formatDate modifiedDate) }}</td></tr>",
          "<tr><td>Modified by</td><td>{{ optionalValue (getUserLastName modifiedUsername) }}</td></tr>",
        ]
      )
      #expect(answer.text.contains("Restricted Patients") && answer.text.contains("No data held"))
    }
  }

  @Test(
    "records that were removed are held still, and told: the newest in the contract's form, then the others"
  )
  func removed() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.search.answer(inTurn: [(200, "[\(Patients.found("G1072GT"))]")])
      gateway.prisonAPI.stub(ScriptedUpstream.release)
      for hospital in ["HAZLWD", "BRADEN"] {
        try await gateway.database.insertPatient("G1072GT", hospital: hospital)
        #expect(try await gateway.removePatient("G1072GT").status == 200)
      }
      gateway.prisonAPI.forget()
      let content = try #require(try await Self.ask(gateway).json["content"])
      #expect(content["hospitalLocationCode"] == "BRADEN")
      #expect(content["removedDate"] == "2020-10-10T00:00:00")
      #expect(content["removedUsername"] == "ITAG_USER")
      #expect(content["earlierRecords"]?.items.count == 1)
      #expect(content["earlierRecords"]?[0]?["hospitalLocationCode"] == "HAZLWD")
      #expect(
        gateway.prisonAPI.calls == [ScriptedUpstream.agency("BRADEN"), ScriptedUpstream.agency("HAZLWD")]
      )
      try await gateway.database.insertPatient("G1072GT", hospital: "STANSD")
      let current = try #require(try await Self.ask(gateway).json["content"])
      #expect(current["hospitalLocationCode"] == "STANSD")
      #expect(current["removedDate"] == nil)
      #expect(current["earlierRecords"]?.items.count == 2)
    }
  }
}
