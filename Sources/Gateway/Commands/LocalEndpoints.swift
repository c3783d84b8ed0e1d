internal import CLinux
internal import EventLoops
internal import LocalProfile

/// Where a running all-in-one profile answers, for scripts: `endpoints.env` in the data folder, NAME=value a line. The
/// names are those of the settings, so a second gateway can be run on the same database and doubles.
struct LocalEndpoints {
  /// Where `gateway play` finds the running gateway.
  static let playName = "GATEWAY_PLAY_URL"

  private let path: String
  private let lines: [String]

  init(_ environment: LocalEnvironment, serverURL: String) {
    path = Self.path(in: environment.dataFolder.path)
    let gateway = environment.nonAssociationsClient
    let patients = environment.restrictedPatientsClient
    let frontEnd = DevelopmentClient.frontEnd
    lines = [
      "GATEWAY_URL=\(serverURL)",
      "\(Self.playName)=\(environment.playURL)",
      "\(SettingsCatalog.databaseURL.name)=\(environment.databaseURL)",
      "\(SettingsCatalog.oauthBase.name)=\(environment.authURL)",
      "\(SettingsCatalog.prisonerSearchBase.name)=\(environment.prisonerSearchURL)",
      "\(SettingsCatalog.nonAssociationsClientID.name)=\(gateway.clientID)",
      "\(SettingsCatalog.nonAssociationsClientSecret.name)=\(gateway.secret)",
      "\(SettingsCatalog.prisonAPIBase.name)=\(environment.prisonAPIURL)",
      "\(SettingsCatalog.restrictedPatientsClientID.name)=\(patients.clientID)",
      "\(SettingsCatalog.restrictedPatientsClientSecret.name)=\(patients.secret)",
      "CLIENT_ID=\(frontEnd.clientID)",
      "CLIENT_SECRET=\(frontEnd.secret)",
    ]
  }

  static func path(in folder: String) -> String { folder + "/endpoints.env" }

  /// Whoever finds the file finds all of it.
  /// - Throws: `SystemError` when the file cannot be written.
  func write() throws(SystemError) {
    let unfinished = path + ".new"
    guard let file = fopen(unfinished, "w") else { throw .last("writing \(unfinished)") }
    let text = lines.joined(separator: "\n") + "\n"
    let isWritten = fputs(text, file) >= 0
    guard fclose(file) == 0, isWritten, rename(unfinished, path) == 0 else {
      throw .last("writing \(path)")
    }
  }
}
