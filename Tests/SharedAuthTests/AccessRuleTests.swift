import Testing

@testable import SharedAuth

/// Roles and scopes beside the route (docs/contract/platform.md §1.4).
@Suite struct AccessRuleTests {
  private let writer = Principal(
    clientID: "client",
    authorities: ["ROLE_WRITE_NON_ASSOCIATIONS", "SCOPE_write", "PLAIN"]
  )
  private let reader = Principal(
    clientID: "client",
    authorities: ["ROLE_WRITE_NON_ASSOCIATIONS", "SCOPE_read"]
  )

  @Test("A rule means the same with and without prefixes")
  func prefixes() {
    for role in ["WRITE_NON_ASSOCIATIONS", "ROLE_WRITE_NON_ASSOCIATIONS"] {
      for scope in ["write", "SCOPE_write"] {
        #expect(AccessRule.requires(role: role, scope: scope).allows(writer))
        #expect(!AccessRule.requires(role: role, scope: scope).allows(reader))
      }
      #expect(AccessRule.requires(role: role).allows(reader))
    }
    #expect(!AccessRule.requires(role: "PLAIN").allows(writer))
    #expect(!AccessRule.requires(role: "write").allows(writer))
    #expect(!AccessRule.requires(role: "").allows(writer))
  }

  @Test("An authority that only looks like the one that is asked for is another")
  func lookAlikes() {
    let other = Principal(clientID: "client", authorities: ["ROLE_\u{212A}EEPER", "SCOPE_\u{212A}"])
    #expect(!AccessRule.requires(role: "KEEPER").allows(other))
    #expect(!AccessRule.requiresAny(roles: ["KEEPER", "K"]).allows(other))
    #expect(AccessRule.requires(role: "\u{212A}EEPER", scope: "\u{212A}").allows(other))
    #expect(!AccessRule.requires(role: "\u{212A}EEPER", scope: "K").allows(other))
    let both = Principal(clientID: "client", authorities: ["ROLE_\u{212A}EEPER", "ROLE_KEEPER"])
    #expect(AccessRule.requires(role: "KEEPER").allows(both))
  }

  @Test("Only an open route needs no token")
  func anonymous() {
    #expect(AccessRule.open.allowsAnonymous)
    #expect(!AccessRule.authenticated.allowsAnonymous)
    #expect(!AccessRule.requires(role: "X").allowsAnonymous)
    #expect(AccessRule.open.allows(reader) && AccessRule.authenticated.allows(reader))
  }
}
