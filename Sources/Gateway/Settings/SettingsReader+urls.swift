internal import HTTPTransport
internal import ModuleKit

extension SettingsReader {
  /// - Returns: nil if there is none, or none that can be used, of which `problems` then tells.
  mutating func url(_ setting: Setting) -> HTTPURL? {
    let text = requiredText(setting)
    guard !text.isEmpty else { return nil }
    do {
      return try HTTPURL(text)
    } catch {
      note("\(setting.name): '\(text)' is not a usable URL: \(error)")
      return nil
    }
  }

  /// Names of hosts, with commas between, each in its one form.
  mutating func hosts(_ setting: Setting) -> [HTTPHost] {
    list(setting).compactMap { text in
      let host = HTTPHost(text)
      if host == nil {
        complain(setting, text, "a host name such as api.example.test, without scheme and path")
      }
      return host
    }
  }
}
