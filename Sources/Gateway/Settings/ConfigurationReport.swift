internal import ModuleKit

/// What `gateway config` prints: every setting with the value in force, where that came from, and secrets masked.
struct ConfigurationReport: CustomStringConvertible {
  let reader: SettingsReader
  var settings = SettingsCatalog.all

  var description: String {
    let width = settings.map(\.name.count).max() ?? 0
    return settings.map { setting in
      let name = setting.name + String(repeating: " ", count: width - setting.name.count)
      guard let value = reader.value(setting) else { return "\(name)  –  (not set)" }
      let shown = setting.isSecret ? "********" : Self.withoutPassword(value.text)
      return "\(name)  \(shown)  (\(Self.describe(value.origin, of: setting)))"
    }.joined(separator: "\n")
  }

  /// The text of a URL without its user name and password.
  private static func withoutPassword(_ text: String) -> String {
    let authority = text.firstRange(of: "://").map { text[$0.upperBound...] } ?? text[...]
    let end = authority.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? authority.endIndex
    guard let at = authority[..<end].lastIndex(of: "@") else { return text }
    return String(text[..<authority.startIndex]) + "********" + String(text[at...])
  }

  private static func describe(_ origin: SettingsReader.Origin, of setting: Setting) -> String {
    switch origin {
    case .environment(let name): name == setting.name ? "environment" : "environment, as \(name)"
    case .file(let name): name == setting.name ? "file" : "file, as \(name)"
    case .provided, .profile: "all-in-one profile"
    case .emulator: "default without AWS"
    case .builtIn: "default"
    }
  }
}
