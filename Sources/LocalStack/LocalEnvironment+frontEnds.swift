internal import Doubles

/// The environment of the front ends that are started on the profile (docs/contract/upstreams.md §5).
extension LocalEnvironment {
  /// A part of the environment, for one front end.
  public struct FrontEndPart: Sendable {
    /// What begins its heading, so that a shell can pick it out.
    public let title: String
    /// What is to be known besides.
    public let remarks: [String]
    /// Its variables. The front ends have names in common, such as `PORT`, with values of their own.
    public let lines: [(name: String, value: String)]
  }

  /// The names of their variables.
  public static let frontEndNames = Set(
    (shared + nonAssociations + restrictedPatients).map(\.name) + own(.nonAssociations).map(\.name)
  )

  /// What each front end is started with.
  /// - Parameter gatewayURL: where the gateway answers.
  public func frontEndParts(gatewayURL: String) -> [FrontEndPart] {
    func part(_ title: String, _ remarks: [String], _ frontEnd: SampleFrontEnd, _ lines: [Line])
      -> FrontEndPart
    {
      FrontEndPart(
        title: title,
        remarks: remarks,
        lines: (Self.own(frontEnd) + Self.shared + lines).map { ($0.name, $0.value(self, gatewayURL)) }
      )
    }
    return [
      part(
        "The non-associations front end",
        ["It needs a Redis, which this profile does not start: at localhost:6379, or where REDIS_HOST says."],
        .nonAssociations,
        Self.nonAssociations
      ),
      part("The restricted patients front end", [], .restrictedPatients, Self.restrictedPatients),
    ]
  }

  private typealias Line = (name: String, value: @Sendable (LocalEnvironment, _ gatewayURL: String) -> String)

  /// Each has its own port, so that both can run at once.
  private static func own(_ frontEnd: SampleFrontEnd) -> [Line] {
    [("PORT", { _, _ in String(frontEnd.port) }), ("INGRESS_URL", { _, _ in frontEnd.url })]
  }

  private static let shared: [Line] = [
    ("HMPPS_AUTH_URL", { local, _ in local.authURL }),
    ("HMPPS_AUTH_EXTERNAL_URL", { local, _ in local.authURL }),
    ("TOKEN_VERIFICATION_API_URL", { local, _ in local.userServicesURL }),
    ("TOKEN_VERIFICATION_ENABLED", { _, _ in "true" }),
    ("MANAGE_USERS_API_URL", { local, _ in local.userServicesURL }),
    ("COMPONENT_API_URL", { local, _ in local.userServicesURL }),
    ("DPS_URL", { local, _ in local.userServicesURL }),
    ("NEW_DPS_URL", { local, _ in local.userServicesURL }),
    ("PRISONER_PROFILE_URL", { local, _ in local.userServicesURL }),
  ]

  private static let nonAssociations: [Line] = [
    ("API_CLIENT_ID", { _, _ in SampleClient.nonAssociationsSignIn.clientID }),
    ("API_CLIENT_SECRET", { _, _ in SampleClient.nonAssociationsSignIn.secret }),
    ("SYSTEM_CLIENT_ID", { _, _ in SampleClient.frontEnd.clientID }),
    ("SYSTEM_CLIENT_SECRET", { _, _ in SampleClient.frontEnd.secret }),
    ("HMPPS_NON_ASSOCIATIONS_API_URL", { _, gateway in gateway + "/non-associations-api" }),
    ("HMPPS_PRISON_API_URL", { local, _ in local.prisonAPIURL }),
    ("OFFENDER_SEARCH_API_URL", { local, _ in local.prisonerSearchURL }),
    ("NOMIS_USER_ROLES_API_URL", { local, _ in local.userServicesURL }),
  ]

  private static let restrictedPatients: [Line] = [
    ("AUTH_CODE_CLIENT_ID", { _, _ in SampleClient.restrictedPatientsSignIn.clientID }),
    ("AUTH_CODE_CLIENT_SECRET", { _, _ in SampleClient.restrictedPatientsSignIn.secret }),
    ("CLIENT_CREDS_CLIENT_ID", { _, _ in SampleClient.restrictedPatientsFrontEnd.clientID }),
    ("CLIENT_CREDS_CLIENT_SECRET", { _, _ in SampleClient.restrictedPatientsFrontEnd.secret }),
    ("RESTRICTED_PATIENT_API_URL", { _, gateway in gateway + "/restricted-patients-api" }),
    ("PRISON_API_URL", { local, _ in local.prisonAPIURL }),
    ("PRISONER_SEARCH_API_URL", { local, _ in local.prisonerSearchURL }),
  ]
}
