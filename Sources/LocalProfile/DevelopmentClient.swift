/// A client that the development Auth knows.
public struct DevelopmentClient: Sendable {
  public let clientID: String
  public let secret: String
  /// With or without the prefix `ROLE_`.
  public let roles: [String]
  public let scopes: [String]
  /// What it is there for, for the banner.
  public let purpose: String

  public init(clientID: String, secret: String, roles: [String], scopes: [String], purpose: String) {
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

  /// A front end that shows and writes non-associations.
  public static let frontEnd = DevelopmentClient(
    clientID: "hmpps-non-associations-ui",
    secret: commonSecret,
    roles: ["READ_NON_ASSOCIATIONS", "WRITE_NON_ASSOCIATIONS"],
    scopes: ["read", "write"],
    purpose: "read and write"
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
    ],
    scopes: ["read", "write"],
    purpose: "everything: delete, re-open, sync, subject access, queues"
  )

  /// All of the above.
  public static let all = [nonAssociationsAPI, restrictedPatientsAPI, frontEnd, reader, administrator]
}
