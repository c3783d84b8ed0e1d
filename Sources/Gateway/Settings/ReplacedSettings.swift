internal import ModuleKit

/// Settings of the replaced services that nothing here reads: some say nothing to the gateway, of the others an operator
/// has to know.
enum ReplacedSettings {
  /// What made no difference to the replaced services either, or says what holds here anyhow.
  static let meaningless: Set = [
    "SPRING_PROFILES_ACTIVE", "JAVA_OPTS", "TZ",
  ]

  private static let documentation = "SPRINGDOC_SWAGGER-UI_ENABLED"

  /// All names that are known.
  static let names = meaningless.union([documentation])

  /// What is set and has no effect, once each, with the reason, in the order of the names.
  static func ineffective(_ reader: SettingsReader, of modules: [ModuleManifest] = Modules.all) -> [(
    name: String, reason: String
  )] {
    let values = reader.everythingSet
    var found: [String: String] = [:]
    if let zone = values["TZ"], !["Europe/London", ":Europe/London", "GB"].contains(zone) {
      found["TZ"] = "times are London's, whatever it says"
    }
    for setting in modules.compactMap(\.settings.isDocumented) {
      guard let value = values[documentation], value.lowercased() != reader.text(setting)?.lowercased() else {
        continue
      }
      found[documentation] = "the page comes with the description: see \(setting.name)"
    }
    return found.map { (name: $0.key, reason: $0.value) }.sorted { $0.name < $1.name }
  }
}
