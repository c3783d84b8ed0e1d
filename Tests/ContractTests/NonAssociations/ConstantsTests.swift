import Testing

@Suite("docs/contract/non-associations.md §15: Constants")
struct ConstantsTests {
  @Test("1: no token is 401 with an empty body")
  func noToken() async throws {
    try await withGateway { (gateway) async throws in
      let answer = try await gateway.get("/constants")
      #expect(answer.status == 401)
      #expect(answer.body.isEmpty)
      #expect(answer.header("WWW-Authenticate")?.hasPrefix("Bearer") == true)
    }
  }

  @Test("2: any valid token gets every code and description, in order")
  func anyToken() async throws {
    try await withGateway { (gateway) async throws in
      let answer = try await gateway.get("/constants", token: gateway.token(roles: []))
      #expect(answer.status == 200)
      #expect(answer.header("Content-Type") == "application/json")
      #expect(
        answer.text
          == #"{"roles":[{"code":"VICTIM","description":"Victim"},{"code":"PERPETRATOR","description":"Perpetrator"},"#
          + #"{"code":"NOT_RELEVANT","description":"Not relevant"},{"code":"UNKNOWN","description":"Unknown"}],"#
          + #""reasons":[{"code":"BULLYING","description":"Bullying"},{"code":"GANG_RELATED","description":"Gang related"},"#
          + #"{"code":"ORGANISED_CRIME","description":"Organised crime"},"#
          + #"{"code":"LEGAL_REQUEST","description":"Police or legal request"},{"code":"THREAT","description":"Threat"},"#
          + #"{"code":"VIOLENCE","description":"Violence"},{"code":"OTHER","description":"Other"}],"#
          + #""restrictionTypes":[{"code":"CELL","description":"Cell only"},"#
          + #"{"code":"LANDING","description":"Cell and landing"},"#
          + #"{"code":"WING","description":"Cell, landing and wing"}]}"#
      )
    }
  }
}
