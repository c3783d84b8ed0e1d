/// Settings of the replaced services that nothing here reads: some say nothing to the gateway, of the others an operator
/// has to know.
enum ReplacedSettings {
  /// What made no difference to the replaced services either, or says what holds here anyhow.
  static let meaningless: Set = [
    "SPRING_PROFILES_ACTIVE", "JAVA_OPTS", "APPLICATIONINSIGHTS_CONFIGURATION_FILE", "TZ",
  ]

  private static let flyway = ["SPRING_FLYWAY_USER", "SPRING_FLYWAY_PASSWORD"]
  private static let documentation = "SPRINGDOC_SWAGGER-UI_ENABLED"

  /// All names that are known.
  static let names = meaningless.union(flyway).union([documentation])

  /// What is set and has no effect, once each, with the reason, in the order of the names.
  /// - Parameter values: all that is set, by name.
  static func ineffective(_ values: [String: String], _ reader: SettingsReader) -> [(
    name: String, reason: String
  )] {
    var found: [(name: String, reason: String)] = []
    func note(_ name: String, _ reason: String) { found.append((name, reason)) }
    if let zone = values["TZ"], !zone.isEmpty, !["Europe/London", ":Europe/London", "GB"].contains(zone) {
      note("TZ", "times are London's, whatever it says")
    }
    for (name, setting) in zip(
      flyway,
      [SettingsCatalog.nonAssociationsDatabaseUsername, SettingsCatalog.nonAssociationsDatabasePassword]
    ) {
      guard let value = values[name], !value.isEmpty, reader.text(setting) != value else { continue }
      note(name, "migrations are run as the user of the database's other settings")
    }
    if let value = values[documentation], !value.isEmpty,
      value.lowercased() != reader.text(SettingsCatalog.restrictedPatientsDocuments)?.lowercased()
    {
      note(
        documentation,
        "the page comes with the description: see \(SettingsCatalog.restrictedPatientsDocuments.name)"
      )
    }
    return found.sorted { $0.name < $1.name }
  }
}
