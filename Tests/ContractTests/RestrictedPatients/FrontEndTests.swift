import ServerTestKit
import Testing

/// The calls of docs/contract/restricted-patients.md §13, made as docs/contract/upstreams.md §6 says that the front end
/// makes them.
@Suite("Restricted patients: the front end's calls")
struct FrontEndTests {
  @Test("every journey works, over one connection; a removal that is tried again is told to prison API once")
  func journeys() async throws {
    try await withGateway(at: Patients.clock, settings: ["API_TIMEOUT": "2s"]) { (gateway) async throws in
      gateway.prisonAPI.stubBooking()
      gateway.prisonAPI.stubDischarge()
      gateway.prisonAPI.stubLists()
      let agency = ScriptedUpstream.agencyJSON("HDI", "Hatfield", "INST")
      gateway.prisonAPI.stub(ScriptedUpstream.agency("HDI"), 200, agency)
      gateway.prisonAPI.stubMovements(ScriptedUpstream.movement())
      gateway.search.answer(inTurn: [(200, "[\(Patients.found("A12345"))]")])
      // The second removal is made, but its answer is lost; then prison API knows the movement.
      gateway.prisonAPI.stub(ScriptedUpstream.release, inTurn: [(201, ""), (504, "")])
      let gone = ScriptedUpstream.movement([
        "movementReasonCode": "CR", "toAgency": "OUT", "movementDate": "2022-05-21",
      ])
      gateway.prisonAPI.stub(
        ScriptedUpstream.movements,
        inTurn: [(200, "[\(ScriptedUpstream.movement())]"), (200, "[\(gone)]")]
      )
      let user = try gateway.token(
        roles: ["PRISON", "TRANSFER_RESTRICTED_PATIENT", "REMOVE_RESTRICTED_PATIENT"],
        user: "STAFF_USER1",
        claims: ["auth_source": "nomis", "grant_type": "authorization_code", "name": "Sam Staff"]
      )
      let system = try gateway.token(
        roles: [],
        user: "STAFF_USER1",
        claims: ["auth_source": "none", "grant_type": "client_credentials"]
      )
      let run = try await Python.run(
        "front_end",
        ["http://127.0.0.1:\(gateway.port)/restricted-patients-api", user, system]
      )
      #expect(run.status == 0, "\(run.output)")
      let report = try JSON(parsing: Array(run.output.utf8))
      #expect(report["connections"] == 1)
      let calls = report["calls"]?.items ?? []
      #expect(calls.map { $0[1] } == [200, 201, 200, 200, 200, 404, 201, 400, 200])
      #expect(calls.map { $0[2] } == [1, 1, 1, 1, 1, 1, 1, 1, 2])
      guard calls.count == 9 else { return }
      #expect(calls[2][3]?["hospitalLocation"]?["description"] == "Hazelwood House")
      #expect(calls[3][3]?["supportingPrison"]?["description"] == "Hatfield")
      #expect(calls[7][3] == Patients.existing)
      let releases = gateway.prisonAPI.requests.filter { $0.call == ScriptedUpstream.release }
      #expect(releases.count == 2)
      #expect(releases.allSatisfy { $0.authorization == "Bearer upstream-token-for-STAFF_USER1" })
      #expect(
        try await gateway.database.row(
          "select string_agg(removed_user_id, ',') from restricted_patients_archive"
        ) == "STAFF_USER1,STAFF_USER1"
      )
      #expect(try await gateway.database.count("restricted_patients") == 0)
    }
  }
}
