import ServerTestKit
import ServiceKit
import Testing

@Suite("docs/contract/adoption.md §8: On whose behalf prison API is told of a user's change")
struct TokenSubjectTests {
  @Test(
    "AD-52: a token without sub is sent on as its user, or as its client; never is the service's own used",
    arguments: [
      ("ITAG_USER", .null, "ITAG_USER"), (nil, .null, "test-client"), ("ITAG_USER", "", "ITAG_USER"),
    ]
      as [(String?, JSON, String)]
  )
  func noSubject(user: String?, subject: JSON, sent: String) async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubBooking()
      gateway.prisonAPI.stubDischarge()
      let token = try gateway.token(roles: [], user: user, claims: ["sub": subject])
      let answer = try await gateway.post("/discharge-to-hospital", Patients.dischargeBody(), token: token)
      #expect(answer.status == 201)
      let discharge = try #require(gateway.prisonAPI.request(ScriptedUpstream.discharge("A12345")))
      #expect(discharge.authorization == "Bearer upstream-token-for-\(sent)")
      #expect(
        gateway.auth.tokenRequests == [
          "grant_type=client_credentials&scope=write",
          "grant_type=client_credentials&scope=write&username=\(sent)",
        ]
      )
    }
  }
}
