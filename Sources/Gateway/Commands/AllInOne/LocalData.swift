internal import ModuleKit

/// Where the all-in-one profile keeps its data, for commands that talk to one.
enum LocalData {
  /// - Parameter option: what the command line says; nil for what `GATEWAY_LOCAL_DATA` says, else the default.
  static func folder(_ option: String?) -> String {
    option
      ?? SettingsReader(environment: ProcessEnvironment.read(), profile: .allInOne)
      .text(SettingsCatalog.localData) ?? ".local"
  }
}
