internal import HTTPTransport
internal import ModuleKit

extension SettingsReader {
  /// The proxy of the settings; nil if there is none.
  mutating func proxy() -> HTTPProxy? {
    guard let value = value(SettingsCatalog.proxy) else { return nil }
    do {
      return try HTTPProxy(value.text, except: text(SettingsCatalog.proxyExceptions) ?? "")
    } catch {
      // Without the text: it may hold a password.
      note("\(value.origin.name ?? SettingsCatalog.proxy.name): it is not a usable proxy: \(error)")
      return nil
    }
  }

  /// Variables with a name like ours that nothing reads: most likely a spelling mistake.
  func unknownNames() -> [String] {
    let known = Set(SettingsCatalog.all.flatMap(\.names)).union(namesOfOthers)
      .union(BrokerKeys.names(of: SettingsCatalog.modules))
      .union(SettingsCatalog.modules.flatMap(\.hears).flatMap(\.namesWithoutEffect))
    let inAnyCase = Set(
      SettingsCatalog.all.filter(\.ignoresCase).flatMap(\.names).map { $0.lowercased() }
    )
    func isLikeOurs(_ name: String) -> Bool { SettingsCatalog.ownPrefixes.contains { name.hasPrefix($0) } }
    let mistakable = environment.keys.filter { name in
      isLikeOurs(name) && !known.contains(name) && !name.hasPrefix("GATEWAY_TEST_")
    }
    let unread = file.keys.filter { name in
      !known.contains(name) && !ReplacedSettings.names.contains(name)
        && !inAnyCase.contains(name.lowercased())
    }
    let lookAlikes = foreignNames.environment.filter(isLikeOurs) + foreignNames.file
    return Set(mistakable).union(unread).union(lookAlikes).sorted()
  }

  /// What is set and has no effect, with the reason: see ``ReplacedSettings``.
  func ineffectiveSettings() -> [(name: String, reason: String)] { ReplacedSettings.ineffective(self) }
}
