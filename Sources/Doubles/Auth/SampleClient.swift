/// A client that the double of HMPPS Auth knows.
public struct SampleClient: Sendable {
  /// What it authenticates as.
  public let clientID: String
  /// Its password; no secret here.
  public let secret: String
  /// With or without the prefix `ROLE_`.
  public let roles: [String]
  /// `read`, `write`.
  public let scopes: [String]
  /// What it is there for, for the banner.
  public let purpose: String
  /// Whether users sign in for it: whether it may ask for codes and change them into users' tokens.
  public let signsUsersIn: Bool

  /// - Parameters:
  ///   - roles: with or without the prefix `ROLE_`.
  ///   - purpose: what it is there for, for the banner.
  ///   - signsUsersIn: whether users sign in for it.
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
  public static let nonAssociationsAPI = SampleClient(
    clientID: "hmpps-non-associations-api",
    secret: commonSecret,
    roles: ["PRISONER_SEARCH", "GLOBAL_SEARCH"],
    scopes: ["read"],
    purpose: "the gateway's own calls to prisoner search"
  )

  /// What the restricted patients module calls prison API and prisoner search with (docs/contract/upstreams.md §2.4).
  public static let restrictedPatientsAPI = SampleClient(
    clientID: "hmpps-restricted-patients-api",
    secret: commonSecret,
    roles: ["PRISONER_SEARCH", "GLOBAL_SEARCH", "VIEW_PRISONER_DATA", "INACTIVE_BOOKINGS"],
    scopes: ["read", "write"],
    purpose: "the gateway's own calls to prison API"
  )

  /// What users of the non-associations front end sign in with: its `API_CLIENT_ID`.
  public static let nonAssociationsSignIn = SampleClient(
    clientID: "hmpps-non-associations-ui-client",
    secret: commonSecret,
    roles: [],
    scopes: ["read"],
    purpose: "users who sign in at the non-associations front end",
    signsUsersIn: true
  )

  /// What users sign in with of whom nothing else is said.
  public static var signIn: SampleClient { .restrictedPatientsSignIn }

  /// What users of the restricted patients front end sign in with: its `AUTH_CODE_CLIENT_ID`.
  public static let restrictedPatientsSignIn = SampleClient(
    clientID: "hmpps-restricted-patients-ui-client",
    secret: commonSecret,
    roles: [],
    scopes: ["read", "write"],
    purpose: "users who sign in at the restricted patients front end",
    signsUsersIn: true
  )

  /// What the restricted patients front end calls services with: its `CLIENT_CREDS_CLIENT_ID`.
  public static let restrictedPatientsFrontEnd = SampleClient(
    clientID: "hmpps-restricted-patients-ui",
    secret: commonSecret,
    roles: ["PRISONER_SEARCH", "GLOBAL_SEARCH", "VIEW_PRISONER_DATA", "REMOVE_RESTRICTED_PATIENT"],
    scopes: ["read", "write"],
    purpose: "the restricted patients front end's own calls"
  )

  /// What the non-associations front end calls services with: its `SYSTEM_CLIENT_ID`.
  public static let frontEnd = SampleClient(
    clientID: "hmpps-non-associations-ui",
    secret: commonSecret,
    roles: ["READ_NON_ASSOCIATIONS", "WRITE_NON_ASSOCIATIONS"],
    scopes: ["read", "write"],
    purpose: "reads and writes non-associations, as their front end does"
  )

  /// May read non-associations, and nothing else.
  public static let reader = SampleClient(
    clientID: "reporting-client",
    secret: commonSecret,
    roles: ["READ_NON_ASSOCIATIONS"],
    scopes: ["read"],
    purpose: "read only"
  )

  /// May do everything, queue administration included.
  public static let administrator = SampleClient(
    clientID: "ops-client",
    secret: commonSecret,
    roles: [
      "READ_NON_ASSOCIATIONS", "WRITE_NON_ASSOCIATIONS", "DELETE_NON_ASSOCIATIONS", "REOPEN_NON_ASSOCIATIONS",
      "NON_ASSOCIATIONS_SYNC", "SAR_DATA_ACCESS", "NON_ASSOCIATIONS_API_QUEUE_ADMIN", "SYSCON__QUEUE_ADMIN",
      "RESTRICTED_PATIENTS_ADMIN", "READ_NON_ASSOCIATIONS_HISTORY", "READ_RESTRICTED_PATIENTS",
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
  public static func named(_ clientID: String) -> SampleClient? { all.first { $0.clientID == clientID } }
}
