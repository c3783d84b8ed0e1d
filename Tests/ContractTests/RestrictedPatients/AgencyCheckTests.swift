import ServerTestKit
import Testing

/// docs/contract/restricted-patients.md §14 row 12, where a deployment wants it.
@Suite("Restricted patients: agencies and times that are checked")
struct AgencyCheckTests {
  private static let settings = ["RESTRICTED_PATIENTS_CHECK_AGENCIES": "true"]

  @Test("what prison API does not list as a prison or a hospital is refused before it is told anything")
  func discharge() async throws {
    try await withGateway(at: Patients.clock, settings: Self.settings) { (gateway) async throws in
      gateway.prisonAPI.stubLists()
      gateway.prisonAPI.stubBooking()
      gateway.prisonAPI.stubDischarge()
      for (change, text) in [
        (["fromLocationId": "\"XXX\""], "fromLocationId must be a prison that prison API knows"),
        (["supportingPrisonId": "\"BRADE\""], "supportingPrisonId must be a prison that prison API knows"),
        (
          ["hospitalLocationCode": "\"HDI\""], "hospitalLocationCode must be a hospital that prison API knows"
        ),
        (["dischargeTime": "\"2020-10-10T00:01\""], "dischargeTime must not be in the future"),
      ] {
        let answer = try await gateway.discharge(Patients.dischargeBody("A12345", change))
        #expect(answer.status == 400)
        #expect(
          try answer.json
            == Patients.error(400, user: .text("Validation failure: \(text)"), developer: .text(text))
        )
      }
      #expect(gateway.prisonAPI.callsBesideLists.isEmpty)
      #expect(try await gateway.database.count("restricted_patients_attempt") == 0)
      #expect(try await gateway.discharge().status == 201)
    }
  }

  @Test("so it is with a migration, and with a supporting prison")
  func others() async throws {
    try await withGateway(at: Patients.clock, settings: Self.settings) { (gateway) async throws in
      gateway.prisonAPI.stubLists()
      gateway.prisonAPI.stubMovements(ScriptedUpstream.movement(["fromAgency": "XXX"]))
      gateway.prisonAPI.stubDischarge()
      #expect(try await gateway.migrate().status == 400)
      #expect(gateway.prisonAPI.request(ScriptedUpstream.discharge("A12345")) == nil)
      gateway.prisonAPI.stubMovements(ScriptedUpstream.movement())
      #expect(try await gateway.migrate().status == 201)
      let hospital = ScriptedUpstream.agencyJSON("BRADN", "Braden", "HSHOSP")
      gateway.prisonAPI.stub(ScriptedUpstream.agency("BRADN"), 200, hospital)
      let refused = try await gateway.changePrison(to: "BRADN")
      #expect(try refused.json == Patients.rule("PRISON_NOT_FOUND", "Prison BRADN not found"))
    }
  }
}
