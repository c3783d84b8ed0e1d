import Events
import ServiceKit
import Testing

@testable import Gateway
@testable import RestrictedPatientsModule

@Suite("Stuck merges: the decision table of docs/contract/restricted-patients.md §11")
struct MergeResolutionTests {
  private static let message = ReceivedMessage(
    id: "1",
    receipt: "1",
    body: Array(
      #"{"Message":"{\"eventType\":\"prison-offender-events.prisoner.merged\",\"additionalInformation\":{\"nomsNumber\":\"A23456\",\"removedNomsNumber\":\"A12345\"}}"}"#
        .utf8
    ),
    receiveCount: 1
  )

  private static func admin(_ gateway: RunningGateway) throws -> String {
    try gateway.token(roles: ["RESTRICTED_PATIENTS_ADMIN"], user: "ADMIN")
  }

  private static func resolve(_ gateway: RunningGateway, _ resolution: String) async throws -> Answer {
    try await gateway.post(
      "/restricted-patients/merges/A12345/A23456/resolve",
      #"{"resolution":"\#(resolution)"}"#,
      token: admin(gateway)
    )
  }

  private static let cases: [([String], String, [String], [String])] = [
    (["A12345"], "DROP_REMOVED", [], ["removed A12345"]),
    (["A12345"], "MOVE", ["A23456"], ["removed A12345", "added A23456"]),
    (["A23456"], "DROP_KEPT", [], ["removed A23456"]),
    (["A23456"], "KEEP", ["A23456"], []),
    (["A12345", "A23456"], "DROP_REMOVED", ["A23456"], ["removed A12345"]),
    (["A12345", "A23456"], "DROP_BOTH", [], ["removed A12345", "removed A23456"]),
  ]

  @Test("each choice is applied, told, and lets the message succeed", arguments: cases)
  func resolved(records: [String], resolution: String, left: [String], events: [String]) async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      for number in records { try await gateway.database.insertPatient(number) }
      let handler = gateway.domainEvents
      await #expect(throws: MergeNotImplemented.self) { try await handler.handle(Self.message) }
      let list = try await gateway.get("/restricted-patients/merges", token: Self.admin(gateway)).json
      #expect(list.items.count == 1)
      #expect(list[0]?["removedPrisonerNumber"] == "A12345")
      #expect(list[0]?["keptPrisonerNumber"] == "A23456")
      #expect(list[0]?["since"] == "2020-10-10T00:00:00")
      #expect(list[0]?["choices"]?.items.contains(.text(resolution)) == true)
      let record = list[0]?[records.contains("A12345") ? "removedRecord" : "keptRecord"]
      #expect(record?["hospitalLocationCode"] == "HAZLWD")
      let answer = try await Self.resolve(gateway, resolution)
      #expect(answer.status == 200)
      #expect(try answer.json["resolvedUserId"] == "ADMIN")
      #expect(
        try await gateway.database.row(
          "select coalesce(string_agg(prisoner_number, ',' order by prisoner_number), '') from restricted_patients"
        ) == left.joined(separator: ",")
      )
      #expect(
        try await gateway.database.events() == events.map { "restricted-patients.patient.\($0)" }
      )
      try await handler.handle(Self.message)
      #expect(try await gateway.get("/restricted-patients/merges", token: Self.admin(gateway)).json == [])
      #expect(try await Self.resolve(gateway, resolution).status == 404)
      #expect(
        gateway.telemetry.names == ["restricted-patient-merge-stuck", "restricted-patient-merge-resolved"]
      )
    }
  }

  @Test("a choice that the records do not allow, an unknown one, or no role: refused, nothing changed")
  func refused() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      try await gateway.database.insertPatient("A12345")
      let handler = gateway.domainEvents
      await #expect(throws: MergeNotImplemented.self) { try await handler.handle(Self.message) }
      let answer = try await Self.resolve(gateway, "KEEP")
      #expect(answer.status == 400)
      #expect(try answer.json["errorCode"] == "RESOLUTION_NOT_POSSIBLE")
      #expect(try await Self.resolve(gateway, "BURN").status == 400)
      let stranger = try await gateway.post(
        "/restricted-patients/merges/A12345/A23456/resolve",
        #"{"resolution":"MOVE"}"#,
        token: gateway.user()
      )
      #expect(stranger.status == 403)
      #expect(try await gateway.get("/restricted-patients/merges", token: gateway.user()).status == 403)
      #expect(try await gateway.database.count("restricted_patients") == 1)
      #expect(try await gateway.database.events() == [])
    }
  }
}
