internal import CLinux
internal import EventLoops
internal import LocalProfile

/// Where a running all-in-one profile answers: `endpoints.env` in the data folder, NAME=value a line, for shells to
/// source. The first names are those of the gateway's own settings, so that a second gateway can be run on the same
/// database and doubles; the others are those of the front ends' environment (upstreams.md §5), so that they can be
/// started on it.
struct LocalEndpoints {
  static let gatewayName = "GATEWAY_URL"
  /// Where `gateway play` finds the running gateway.
  static let playName = "GATEWAY_PLAY_URL"

  private typealias Line = (name: String, value: @Sendable (LocalEndpoints) -> String)

  private let environment: LocalEnvironment
  private let serverURL: String

  init(_ environment: LocalEnvironment, serverURL: String) {
    self.environment = environment
    self.serverURL = serverURL
  }

  static func path(in folder: String) -> String { folder + "/endpoints.env" }

  /// The names in the file that are no settings of the gateway.
  static let othersNames = Set((scripts + frontEnds.flatMap(\.lines)).map(\.name))

  // MARK: The lines

  private static let scripts: [Line] = [
    (gatewayName, { $0.serverURL }),
    (playName, { $0.environment.playURL }),
    ("CLIENT_ID", { _ in DevelopmentClient.frontEnd.clientID }),
    ("CLIENT_SECRET", { _ in DevelopmentClient.frontEnd.secret }),
  ]

  private static let services: [Line] = [
    (SettingsCatalog.databaseURL.name, { $0.environment.databaseURL }),
    (SettingsCatalog.oauthBase.name, { $0.environment.authURL }),
    (SettingsCatalog.prisonerSearchBase.name, { $0.environment.prisonerSearchURL }),
    (SettingsCatalog.prisonAPIBase.name, { $0.environment.prisonAPIURL }),
    (SettingsCatalog.nonAssociationsClientID.name, { $0.environment.nonAssociationsClient.clientID }),
    (SettingsCatalog.nonAssociationsClientSecret.name, { $0.environment.nonAssociationsClient.secret }),
    (SettingsCatalog.restrictedPatientsClientID.name, { $0.environment.restrictedPatientsClient.clientID }),
    (
      SettingsCatalog.restrictedPatientsClientSecret.name,
      { $0.environment.restrictedPatientsClient.secret }
    ),
  ]

  private static let settings =
    services
    + SettingsCatalog.messaging.compactMap { setting in
      setting.allInOne.map { constant(setting.name, $0) }
    }

  private static func constant(_ name: String, _ value: String) -> Line { (name, { _ in value }) }

  private static let frontEnds: [(title: String, lines: [Line])] = [
    (
      "Both front ends",
      [
        ("HMPPS_AUTH_URL", { $0.environment.authURL }),
        ("HMPPS_AUTH_EXTERNAL_URL", { $0.environment.authURL }),
        ("TOKEN_VERIFICATION_API_URL", { $0.environment.userServicesURL }),
        ("TOKEN_VERIFICATION_ENABLED", { _ in "true" }),
        ("MANAGE_USERS_API_URL", { $0.environment.userServicesURL }),
        ("INGRESS_URL", { _ in "http://localhost:3000" }),
      ]
    ),
    (
      "The non-associations front end",
      [
        ("API_CLIENT_ID", { _ in DevelopmentClient.nonAssociationsSignIn.clientID }),
        ("API_CLIENT_SECRET", { _ in DevelopmentClient.nonAssociationsSignIn.secret }),
        ("SYSTEM_CLIENT_ID", { _ in DevelopmentClient.frontEnd.clientID }),
        ("SYSTEM_CLIENT_SECRET", { _ in DevelopmentClient.frontEnd.secret }),
        ("HMPPS_NON_ASSOCIATIONS_API_URL", { $0.serverURL + "/non-associations-api" }),
        ("HMPPS_PRISON_API_URL", { $0.environment.prisonAPIURL }),
        ("OFFENDER_SEARCH_API_URL", { $0.environment.prisonerSearchURL }),
        ("NOMIS_USER_ROLES_API_URL", { $0.environment.userServicesURL }),
        ("COMPONENT_API_URL", { $0.environment.userServicesURL }),
      ]
    ),
    (
      "The restricted patients front end",
      [
        ("AUTH_CODE_CLIENT_ID", { _ in DevelopmentClient.restrictedPatientsSignIn.clientID }),
        ("AUTH_CODE_CLIENT_SECRET", { _ in DevelopmentClient.restrictedPatientsSignIn.secret }),
        ("CLIENT_CREDS_CLIENT_ID", { _ in DevelopmentClient.restrictedPatientsFrontEnd.clientID }),
        ("CLIENT_CREDS_CLIENT_SECRET", { _ in DevelopmentClient.restrictedPatientsFrontEnd.secret }),
        ("RESTRICTED_PATIENT_API_URL", { $0.serverURL + "/restricted-patients-api" }),
        ("PRISON_API_URL", { $0.environment.prisonAPIURL }),
        ("PRISONER_SEARCH_API_URL", { $0.environment.prisonerSearchURL }),
        ("FRONTEND_COMPONENTS_URL", { $0.environment.userServicesURL }),
        ("FRONTEND_COMPONENTS_ENABLED", { _ in "true" }),
      ]
    ),
  ]

  // MARK: The file

  /// What a shell makes the same variables of, whatever the values hold.
  private var text: String {
    var text = "# Written anew at each start. In a shell: set -a; . this-file; set +a\n"
    let parts =
      [
        ("The gateway, for scripts", Self.scripts),
        ("The settings of another gateway beside it", Self.settings),
      ]
      + Self.frontEnds
    for (title, lines) in parts {
      text += "\n# \(title)\n"
      for line in lines { text += "\(line.name)=\(Self.quoted(line.value(self)))\n" }
    }
    return text
  }

  private static func quoted(_ value: String) -> String {
    let isPlain = value.utf8.allSatisfy { !"&;|<>()$`\\\"' *#~".utf8.contains($0) }
    return isPlain ? value : "'\(value.replacing("'", with: "'\\''"))'"
  }

  /// Whoever finds the file finds all of it.
  /// - Throws: `SystemError` when the file cannot be written.
  func write() throws(SystemError) {
    let path = Self.path(in: environment.dataFolder.path)
    let unfinished = path + ".new"
    guard let file = fopen(unfinished, "w") else { throw .last("writing \(unfinished)") }
    let isWritten = fputs(text, file) >= 0
    guard fclose(file) == 0, isWritten, rename(unfinished, path) == 0 else {
      throw .last("writing \(path)")
    }
  }
}
