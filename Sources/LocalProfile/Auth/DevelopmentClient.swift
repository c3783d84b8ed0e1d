/// A client that the development Auth knows.
public struct DevelopmentClient: Sendable {
  public let clientID: String
  public let secret: String
  /// With or without the prefix `ROLE_`.
  public let roles: [String]
  public let scopes: [String]
  /// What it is there for, for the banner.
  public let purpose: String
  /// Whether users sign in for it: whether it may ask for codes and change them into users' tokens.
  public let signsUsersIn: Bool

  public init(
    clientID: String,
    secret: String,
    roles: [String],
    scopes: [String],
    purpose: String,
    signsUsersIn: Bool = false
  ) {
    self.signsUsersIn = signsUsersIn
    self.clientID = clientID
    self.secret = secret
    self.roles = roles
    self.scopes = scopes
    self.purpose = purpose
  }

  /// The secret of every ready-made client. It is no secret: the doubles listen on the loopback interface only.
  public static let commonSecret = "clientsecret"

  /// What the non-associations module calls prisoner search with.
  public static let nonAssociationsAPI = DevelopmentClient(
    clientID: "hmpps-non-associations-api",
    secret: commonSecret,
    roles: ["PRISONER_SEARCH", "GLOBAL_SEARCH"],
    scopes: ["read"],
    purpose: "the gateway's own calls to prisoner search"
  )

  /// What the restricted patients module calls prison API and prisoner search with (upstreams.md §2.4).
  public static let restrictedPatientsAPI = DevelopmentClient(
    clientID: "hmpps-restricted-patients-api",
    secret: commonSecret,
    roles: ["PRISONER_SEARCH", "GLOBAL_SEARCH", "VIEW_PRISONER_DATA", "INACTIVE_BOOKINGS"],
    scopes: ["read", "write"],
    purpose: "the gateway's own calls to prison API"
  )

  /// What users of the non-associations front end sign in with: its `API_CLIENT_ID`.
  public static let nonAssociationsSignIn = DevelopmentClient(
    clientID: "hmpps-non-associations-ui-client",
    secret: commonSecret,
    roles: [],
    scopes: ["read"],
    purpose: "users who sign in at the non-associations front end",
    signsUsersIn: true
  )

  /// What users of the restricted patients front end sign in with: its `AUTH_CODE_CLIENT_ID`.
  public static let restrictedPatientsSignIn = DevelopmentClient(
    clientID: "hmpps-restricted-patients-ui-client",
    secret: commonSecret,
    roles: [],
    scopes: ["read", "write"],
    purpose: "users who sign in at the restricted patients front end",
    signsUsersIn: true
  )

  /// What the restricted patients front end calls services with: its `CLIENT_CREDS_CLIENT_ID`.
  public static let restrictedPatientsFrontEnd = DevelopmentClient(
    clientID: "hmpps-restricted-patients-ui",
    secret: commonSecret,
    roles: ["PRISONER_SEARCH", "GLOBAL_SEARCH", "VIEW_PRISONER_DATA", "REMOVE_RESTRICTED_PATIENT"],
    scopes: ["read", "write"],
    purpose: "the restricted patients front end's own calls"
  )

  /// What the non-associations front end calls services with: its `SYSTEM_CLIENT_ID`.
  public static let frontEnd = DevelopmentClient(
    clientID: "hmpps-non-associations-ui",
    secret: commonSecret,
    roles: ["READ_NON_ASSOCIATIONS", "WRITE_NON_ASSOCIATIONS"],
    scopes: ["read", "write"],
    purpose: "reads and writes non-associations, as their front end does"
  )

  public static let reader = DevelopmentClient(
    clientID: "reporting-client",
    secret: commonSecret,
    roles: ["READ_NON_ASSOCIATIONS"],
    scopes: ["read"],
    purpose: "read only"
  )

  public static let administrator = DevelopmentClient(
    clientID: "ops-client",
    secret: commonSecret,
    roles: [
      "READ_NON_ASSOCIATIONS", "WRITE_NON_ASSOCIATIONS", "DELETE_NON_ASSOCIATIONS", "REOPEN_NON_ASSOCIATIONS",
      "NON_ASSOCIATIONS_SYNC", "SAR_DATA_ACCESS", "NON_ASSOCIATIONS_API_QUEUE_ADMIN", "SYSCON__QUEUE_ADMIN",
      "RESTRICTED_PATIENTS_ADMIN",
    ],
    scopes: ["read", "write"],
    purpose: "everything: delete, re-open, sync, subject access, queues, stuck merges"
  )

  /// All of the above.
  public static let all = [
    nonAssociationsAPI, restrictedPatientsAPI, nonAssociationsSignIn, restrictedPatientsSignIn, frontEnd,
    restrictedPatientsFrontEnd, reader, administrator,
  ]

  /// - Returns: nil for an id that none of them has.
  public static func named(_ clientID: String) -> DevelopmentClient? { all.first { $0.clientID == clientID } }
}
