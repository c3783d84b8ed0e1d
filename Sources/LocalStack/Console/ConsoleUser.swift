internal import Doubles

/// Somebody who can use the console of the all-in-one profile.
///
/// The services ask for roles that no user has and a front end's own client brings. The console has no such client: its
/// tokens hold the user's roles and, with them, what the front ends let a user of those roles do.
struct ConsoleUser {
  let user: SampleUser

  /// Who may do everything, for a first look round.
  private static let everything = SampleUser(
    "CONSOLE_USER",
    "Connie",
    "Console",
    id: 100_900,
    roles: [
      "PRISON", "NON_ASSOCIATIONS", "GLOBAL_SEARCH", "INACTIVE_BOOKINGS", "TRANSFER_RESTRICTED_PATIENT",
      "REMOVE_RESTRICTED_PATIENT", "RESTRICTED_PATIENT_MIGRATION", "SEARCH_RESTRICTED_PATIENT",
      "NON_ASSOCIATIONS_API_QUEUE_ADMIN", "SYSCON__QUEUE_ADMIN", "DELETE_NON_ASSOCIATIONS",
      "REOPEN_NON_ASSOCIATIONS", "NON_ASSOCIATIONS_SYNC", "SAR_DATA_ACCESS",
    ],
    caseloads: ["MDI", "LEI", "WWI"],
    "May do everything: start here"
  )

  static let all = ([everything] + SampleUser.all).map(ConsoleUser.init)

  static func named(_ username: String) -> ConsoleUser? { all.first { $0.user.username == username } }

  /// Without the prefix `ROLE_`.
  var roles: [String] {
    Self.grants.filter { user.roles.contains($0.holder) }.reduce(user.roles) { roles, grant in
      roles.contains(grant.role) ? roles : roles + [grant.role]
    }
  }

  /// What the front ends call the services with, for users who hold a role.
  private static let grants = [
    (holder: "PRISON", role: "READ_NON_ASSOCIATIONS"),
    (holder: "NON_ASSOCIATIONS", role: "WRITE_NON_ASSOCIATIONS"),
    (holder: "SYSCON__QUEUE_ADMIN", role: "RESTRICTED_PATIENTS_ADMIN"),
    // What no front end calls, for whoever sees the same people in one.
    (holder: "PRISON", role: "READ_NON_ASSOCIATIONS_HISTORY"),
    (holder: "SEARCH_RESTRICTED_PATIENT", role: "READ_RESTRICTED_PATIENTS"),
    (holder: "TRANSFER_RESTRICTED_PATIENT", role: "READ_RESTRICTED_PATIENTS"),
    (holder: "REMOVE_RESTRICTED_PATIENT", role: "READ_RESTRICTED_PATIENTS"),
    (holder: "RESTRICTED_PATIENT_MIGRATION", role: "READ_RESTRICTED_PATIENTS"),
    (holder: "SYSCON__QUEUE_ADMIN", role: "READ_RESTRICTED_PATIENTS"),
  ]

  private static let client = SampleClient(
    clientID: "gateway-console",
    secret: "",
    roles: [],
    scopes: ["read", "write"],
    purpose: "the console"
  )

  /// What the user's token says.
  var claims: TokenIssuer.Claims {
    var claims = TokenIssuer.Claims(user, client: Self.client)
    claims.authorities = roles.map { "ROLE_" + $0 }
    claims.lifetime = AuthDouble.tokenLifetime
    return claims
  }
}
