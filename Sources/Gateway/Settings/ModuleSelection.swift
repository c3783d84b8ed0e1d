internal import ModuleKit

/// A module that is hosted, and what made the gateway host it.
struct SelectedModule: Sendable {
  enum Reason: Sendable, Equatable {
    /// `GATEWAY_MODULES` names it.
    case named
    /// The all-in-one profile hosts every module.
    case profile
    /// This variable is set, which only it has.
    case variable(String)
  }

  let manifest: ModuleManifest
  let reason: Reason
}

/// Which of the modules are hosted: those that `GATEWAY_MODULES` names; if it is not set, those of which a variable is set
/// that only they have (docs/contract/adoption.md §1.3).
struct ModuleSelection: Sendable {
  let modules: [ModuleManifest]

  /// - Returns: in the order of the modules; empty if something is wrong, which the reader then holds.
  func read(_ reader: inout SettingsReader) -> [SelectedModule] {
    let named = reader.list(SettingsCatalog.modulesHosted)
    if !named.isEmpty { return select(named, &reader) }
    if reader.profile == .allInOne { return modules.map { SelectedModule(manifest: $0, reason: .profile) } }
    let isSet = reader.everythingSet
    let selected = modules.compactMap { manifest in
      variable(askingFor: manifest, in: isSet).map {
        SelectedModule(manifest: manifest, reason: .variable($0))
      }
    }
    if selected.isEmpty { for problem in nothingAsked { reader.note(problem) } }
    return selected
  }

  private func select(_ names: [String], _ reader: inout SettingsReader) -> [SelectedModule] {
    let known = modules.map(\.name)
    for name in names where !known.contains(name) {
      reader.note(
        "\(SettingsCatalog.modulesHosted.name): there is no module '\(name)', but \(known.joined(separator: ", "))"
      )
    }
    return modules.filter { names.contains($0.name) }.map { SelectedModule(manifest: $0, reason: .named) }
  }

  private var nothingAsked: [String] {
    let needs = modules.map { manifest in
      let settings = manifest.settings
      let names = [settings.database.url, settings.clientID, settings.clientSecret].map(\.name)
      return "\(manifest.name) is not hosted, as nothing is set that only it has, such as "
        + names.joined(separator: ", ")
    }
    return [
      "\(SettingsCatalog.modulesHosted.name) is not set, and no variable says which modules are to be hosted"
    ] + needs
  }

  // MARK: Variables that ask for a module

  /// The first variable by name that is set and that only this module has.
  func variable(askingFor manifest: ModuleManifest, in isSet: [String: String]) -> String? {
    isSet.keys.filter { asks($0, isSet[$0] ?? "", for: manifest) }.min()
  }

  private func asks(_ name: String, _ value: String, for manifest: ModuleManifest) -> Bool {
    if name == SettingsCatalog.batchType.name {
      return manifest.jobs.contains { $0.batchType == value.uppercased() }
    }
    if ownNames(of: manifest).contains(name) { return true }
    return ownPrefixes(of: manifest).contains { name.hasPrefix($0) }
  }

  /// The names of its settings that no other module has.
  private func ownNames(of manifest: ModuleManifest) -> Set<String> {
    let others = modules.filter { $0.name != manifest.name }.flatMap(\.allSettings).flatMap(\.names)
    let own = manifest.allSettings.flatMap { [$0.name] + $0.aliases }
    return Set(own).subtracting(others)
  }

  private func ownPrefixes(of manifest: ModuleManifest) -> [String] {
    ["\(manifest.settings.prefix)_"] + manifest.hears.map { HeardQueueDeclaration.prefix($0.id) }
      + (manifest.audits.map { [HeardQueueDeclaration.prefix($0.id)] } ?? [])
  }
}
