/// Somebody who can sign in at the double of HMPPS Auth. Together they try every rule of docs/contract/permissions.md and
/// every journey of docs/contract/restricted-patients.md §13. All names are invented.
public struct SampleUser: Sendable, Equatable {
  /// What they sign in as: `STAFF_USER1`.
  public let username: String
  /// Invented.
  public let firstName: String
  /// Invented.
  public let lastName: String
  /// Without the prefix `ROLE_`.
  public let roles: [String]
  /// The prisons they work in, by code; none for people who are not prison staff.
  public let caseloads: [String]
  /// `nomis`, `delius`, `auth` or `azuread`.
  public let authSource: String
  /// Their id in the system they come from: for prison staff the number of their NOMIS account.
  public let userID: String
  /// What they are there for, for the sign-in page.
  public let purpose: String

  /// - Parameters:
  ///   - id: in the system that they come from.
  ///   - roles: without the prefix `ROLE_`.
  ///   - caseloads: codes of the prisons that they work in.
  public init(
    _ username: String,
    _ firstName: String,
    _ lastName: String,
    id: Int,
    roles: [String],
    caseloads: [String] = ["MDI"],
    authSource: String = "nomis",
    _ purpose: String
  ) {
    self.username = username
    self.firstName = firstName
    self.lastName = lastName
    self.roles = roles
    self.caseloads = caseloads
    self.authSource = authSource
    userID = String(id)
    self.purpose = purpose
  }

  /// `Sam Staff`.
  public var name: String { "\(firstName) \(lastName)" }

  /// The prison they work in at the moment: the first of their caseloads.
  public var activeCaseLoadID: String? { caseloads.first }

  /// The number of their NOMIS account; nil for people who are not prison staff.
  public var staffID: Int64? { authSource == "nomis" ? Int64(userID) : nil }

  /// The same for the same user, on every start (RFC 9562 §4).
  public var userUUID: String {
    "5c1f5f4e-7c86-4f1e-9d2c-" + String(repeating: "0", count: max(0, 12 - userID.count)) + userID
  }

  /// - Returns: nil for a name that no sample user has. Letter case does not matter, as in HMPPS Auth.
  public static func named(_ username: String) -> SampleUser? {
    let wanted = username.uppercased()
    return all.first { $0.username == wanted }
  }
}

extension SampleUser {
  private static let editor = ["PRISON", "NON_ASSOCIATIONS"]

  /// The users of a fresh all-in-one profile.
  public static let all: [SampleUser] = [
    SampleUser(
      "OFFICER_USER",
      "Olive",
      "Officer",
      id: 100_000,
      roles: ["PRISON"],
      "Prison officer at Moorland: sees non-associations, changes none"
    ),
    SampleUser(
      "STAFF_USER1",
      "Sam",
      "Staff",
      id: 100_001,
      roles: editor,
      "Writes non-associations between prisoners at Moorland"
    ),
    SampleUser(
      "STAFF_USER2",
      "Tina",
      "Taylor",
      id: 100_002,
      roles: editor + ["GLOBAL_SEARCH"],
      caseloads: ["MDI", "LEI"],
      "Writes at Moorland and Leeds, also with prisoners in other prisons or being transferred"
    ),
    SampleUser(
      "OUTSIDE_USER",
      "Ian",
      "Ingram",
      id: 100_003,
      roles: editor + ["INACTIVE_BOOKINGS"],
      "Writes at Moorland, also with prisoners who are outside"
    ),
    SampleUser(
      "SECURITY_USER",
      "Sarah",
      "Sharp",
      id: 100_004,
      roles: editor + ["GLOBAL_SEARCH", "INACTIVE_BOOKINGS"],
      caseloads: ["MDI", "LEI", "WWI"],
      "Writes everywhere the rules allow anybody to"
    ),
    SampleUser(
      "LEEDS_USER",
      "Leo",
      "Lane",
      id: 100_005,
      roles: editor,
      caseloads: ["LEI"],
      "Writes non-associations between prisoners at Leeds"
    ),
    SampleUser(
      "RP_TRANSFER_USER",
      "Tom",
      "Turner",
      id: 100_011,
      roles: ["PRISON", "TRANSFER_RESTRICTED_PATIENT"],
      "Moves prisoners to hospital"
    ),
    SampleUser(
      "RP_REMOVE_USER",
      "Rita",
      "Rowe",
      id: 100_012,
      roles: ["PRISON", "REMOVE_RESTRICTED_PATIENT"],
      "Removes prisoners from the restricted patients"
    ),
    SampleUser(
      "RP_MIGRATION_USER",
      "Mia",
      "Mason",
      id: 100_013,
      roles: ["PRISON", "RESTRICTED_PATIENT_MIGRATION"],
      "Adds prisoners who are in hospital already, changes supporting prisons"
    ),
    SampleUser(
      "RP_SEARCH_USER",
      "Sid",
      "Seymour",
      id: 100_014,
      roles: ["PRISON", "SEARCH_RESTRICTED_PATIENT"],
      "Searches the restricted patients"
    ),
    SampleUser(
      "RP_ALL_USER",
      "Ada",
      "Allen",
      id: 100_015,
      roles: [
        "PRISON", "TRANSFER_RESTRICTED_PATIENT", "REMOVE_RESTRICTED_PATIENT", "RESTRICTED_PATIENT_MIGRATION",
        "SEARCH_RESTRICTED_PATIENT", "INACTIVE_BOOKINGS", "GLOBAL_SEARCH",
      ],
      caseloads: ["MDI", "LEI"],
      "Every journey of restricted patients"
    ),
    SampleUser(
      "RP_LEEDS_USER",
      "Lena",
      "Lloyd",
      id: 100_016,
      roles: [
        "PRISON", "TRANSFER_RESTRICTED_PATIENT", "REMOVE_RESTRICTED_PATIENT", "RESTRICTED_PATIENT_MIGRATION",
        "SEARCH_RESTRICTED_PATIENT",
      ],
      caseloads: ["LEI", "MDI"],
      "Every journey of restricted patients, from Leeds"
    ),
    SampleUser(
      "QUEUE_ADMIN_USER",
      "Quentin",
      "Queue",
      id: 100_021,
      roles: ["NON_ASSOCIATIONS_API_QUEUE_ADMIN", "SYSCON__QUEUE_ADMIN"],
      caseloads: [],
      authSource: "azuread",
      "Support: retries, purges and looks into queues"
    ),
    SampleUser(
      "PROBATION_USER",
      "Petra",
      "Poole",
      id: 100_031,
      roles: ["PROBATION"],
      caseloads: [],
      authSource: "delius",
      "Probation officer: no prison role, refused everywhere"
    ),
  ]
}
