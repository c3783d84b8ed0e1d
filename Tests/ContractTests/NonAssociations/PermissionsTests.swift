import Testing

@Suite("docs/contract/permissions.md: the endpoint")
struct PermissionsTests {
  private static let path = "/non-associations/permissions"

  private static func body(
    _ first: String = "A1234BC",
    _ second: String = "D5678EF",
    roles: [String] = ["PRISON", "NON_ASSOCIATIONS"],
    policy: String? = nil
  ) -> String {
    let roles = roles.map { "\"\($0)\"" }.joined(separator: ",")
    let policy = policy.map { #","policy":"\#($0)""# } ?? ""
    return #"""
      {"firstPrisonerNumber":"\#(first)","secondPrisonerNumber":"\#(second)","roles":[\#(roles)],\#
      "caseloads":["MDI"]\#(policy)}
      """#
  }

  @Test("no token is 401, a wrong role 403, what cannot be read 400")
  func refusals() async throws {
    try await withGateway { (gateway) async throws in
      #expect(try await gateway.post(Self.path, Self.body()).status == 401)
      #expect(try await gateway.post(Self.path, Self.body(), token: gateway.writer()).status == 403)
      let token = try gateway.reader()
      for body in [
        "{}", "[]", Self.body(policy: "other"), Self.body().replacing(#"["MDI"]"#, with: #""MDI""#),
        Self.body().replacing(#"["MDI"]"#, with: "null"),
      ] {
        let answer = try await gateway.post(Self.path, body, token: token)
        #expect(answer.status == 400)
        #expect(try answer.json["errorCode"] == .null)
      }
      let malformed = try await gateway.post(Self.path, Self.body("A12"), token: token)
      #expect(malformed.breaksRules("Prisoner number must be in the correct format"))
      let missing = try await gateway.post(Self.path, Self.body("X1111TT"), token: token)
      #expect(
        missing.isError(404, "Missing prisoners: Could not find the following prisoners: [X1111TT]")
      )
    }
  }

  @Test("each action is decided, with its rule and where the prisoners are")
  func decided() async throws {
    try await withGateway { (gateway) async throws in
      let token = try gateway.reader()
      let near = try await gateway.post(
        Self.path,
        Self.body(roles: ["ROLE_PRISON", "NON_ASSOCIATIONS"]),
        token: token
      )
      #expect(near.status == 200)
      let json = try near.json
      #expect(
        json.keys == [
          "view", "add", "update", "close", "delete", "reopen", "firstPrisoner", "secondPrisoner",
        ]
      )
      for action in ["view", "add", "update", "close"] { #expect(json[action]?["allowed"] == true) }
      for action in ["delete", "reopen"] { #expect(json[action]?["allowed"] == false) }
      #expect(json["firstPrisoner"]?["found"] == "CASELOAD")
      #expect(json["firstPrisoner"]?["prisonerNumber"] == "A1234BC")

      let far = try await gateway.post(Self.path, Self.body("A1234BC", "L3456MN"), token: token).json
      #expect(far["secondPrisoner"]?["found"] == "OTHER_PRISON")
      #expect(far["add"]?["allowed"] == false)
      #expect(
        far["add"]?["rule"] == """
          changing a non-association of a prisoner in one of the user's caseloads and one in a prison outside the \
          user's caseloads needs PRISON, NON_ASSOCIATIONS, GLOBAL_SEARCH; the user lacks GLOBAL_SEARCH
          """
      )
      #expect(far["view"]?["allowed"] == true)
      let frontend = Self.body("A1234BC", "L3456MN", policy: "frontend")
      #expect(try await gateway.post(Self.path, frontend, token: token).json["add"]?["allowed"] == true)
    }
  }

  @Test(
    "where prisoners are found",
    arguments: [("C1234CC", "TRANSFER"), ("B1234BB", "OUTSIDE"), ("D1234DD", "UNKNOWN")]
  )
  func places(number: String, found: String) async throws {
    try await withGateway { (gateway) async throws in
      let answer = try await gateway.post(Self.path, Self.body(number, number), token: gateway.reader())
      #expect(try answer.json["firstPrisoner"]?["found"] == .text(found))
      #expect(try answer.json["secondPrisoner"]?["found"] == .text(found))
      #expect(gateway.search.lastRequest?.body == #"{"prisonerNumbers":["\#(number)"]}"#)
    }
  }
}
