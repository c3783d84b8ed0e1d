internal import HTTPTransport
internal import RestrictedPatientsModule

extension Configuration {
  /// What the restricted patients module runs with.
  struct RestrictedPatients: Sendable {
    var database: Database
    var hosts: [HTTPHost]
    var prisonAPIBase: String
    var clientID: String
    var clientSecret: String
    var access: AccessRules
    var checksAgencies: Bool
    var agenciesRefresh: Duration
    var agenciesMaximumAge: Duration
    var pastDateCheckTime: TimeOfDay?
    /// Whether the server is to run the past-date check and exit.
    var isBatch: Bool
  }

  static func readRestrictedPatients(
    _ reader: inout SettingsReader,
    provided: LocalWorld?
  ) -> RestrictedPatients {
    RestrictedPatients(
      database: readRestrictedPatientsDatabase(&reader, provided: provided?.databaseURL),
      hosts: reader.hosts(SettingsCatalog.restrictedPatientsHosts),
      prisonAPIBase: provided?.prisonAPIBase ?? reader.requiredText(SettingsCatalog.prisonAPIBase),
      clientID: provided?.restrictedPatientsClientID
        ?? reader.requiredText(SettingsCatalog.restrictedPatientsClientID),
      clientSecret: provided?.restrictedPatientsClientSecret
        ?? reader.requiredText(SettingsCatalog.restrictedPatientsClientSecret),
      access: readAccessRules(&reader),
      checksAgencies: reader.boolean(SettingsCatalog.checksAgencies),
      agenciesRefresh: reader.duration(SettingsCatalog.agenciesRefresh),
      agenciesMaximumAge: reader.duration(SettingsCatalog.agenciesMaximumAge),
      pastDateCheckTime: readTimeOfDay(&reader),
      isBatch: readBatch(&reader)
    )
  }

  static func readRestrictedPatientsDatabase(
    _ reader: inout SettingsReader,
    provided: String? = nil
  ) -> Database {
    readDatabase(
      &reader,
      DatabaseSettings(
        title: "restricted patients",
        url: SettingsCatalog.restrictedPatientsDatabaseURL,
        endpoint: SettingsCatalog.restrictedPatientsDatabaseEndpoint,
        name: SettingsCatalog.restrictedPatientsDatabaseName,
        username: SettingsCatalog.restrictedPatientsDatabaseUsername,
        password: SettingsCatalog.restrictedPatientsDatabasePassword
      ),
      provided: provided
    )
  }

  private static func readTimeOfDay(_ reader: inout SettingsReader) -> TimeOfDay? {
    let setting = SettingsCatalog.pastDateCheckTime
    guard let text = reader.text(setting) else { return nil }
    let time = TimeOfDay(text)
    if time == nil { reader.note("\(setting.name): '\(text)' is not a time such as 03:00") }
    return time
  }

  private static func readBatch(_ reader: inout SettingsReader) -> Bool {
    let isEnabled = reader.choice(
      SettingsCatalog.batchEnabled,
      [("true", true), ("false", false)],
      fallback: false
    )
    guard isEnabled else { return false }
    return reader.choice(SettingsCatalog.batchType, [("past_date_check", true)], fallback: false)
  }

  private static func readAccessRules(_ reader: inout SettingsReader) -> AccessRules {
    guard let text = reader.text(SettingsCatalog.restrictedPatientsRoles) else { return AccessRules() }
    do {
      return try AccessRules(parsing: text)
    } catch {
      reader.note("\(SettingsCatalog.restrictedPatientsRoles.name): \(error)")
      return AccessRules()
    }
  }
}
