internal import ModuleKit
internal import Postgres

/// What several hosted modules must not have in common: a value that each of the replaced services had for itself, under
/// one name, and a database, in which the tables of one service would appear among those of the other (docs/contract/adoption.md
/// §1.3).
enum SharedSettings {
  /// Notes every name that would feed several of the modules.
  static func check(_ selected: [ModuleManifest], _ reader: inout SettingsReader) {
    let mayShareDatabase = mayShareDatabase(&reader)
    var users: [String: [(module: String, setting: Setting)]] = [:]
    for manifest in selected {
      let database = Set(manifest.settings.database.all.map(\.name))
      for setting in manifest.settings.all where !(mayShareDatabase && database.contains(setting.name)) {
        guard let name = reader.value(setting)?.origin.name, setting.aliases.contains(name) else { continue }
        users[name, default: []].append((manifest.name, setting))
      }
    }
    for (name, users) in users.sorted(by: { $0.key < $1.key }) where users.count > 1 {
      reader.note(
        "\(name) would be read by \(list(users.map(\.module))), each of which needs a value of its own: set "
          + "\(list(users.map(\.setting.name))) in its place"
      )
    }
  }

  /// Notes every two modules whose settings name one database.
  static func check(
    _ databases: [(manifest: ModuleManifest, database: Configuration.Database)],
    _ reader: inout SettingsReader
  ) {
    check(databases.map(\.manifest), &reader)
    guard !mayShareDatabase(&reader) else { return }
    for (index, one) in databases.enumerated() {
      for other in databases[(index + 1)...] {
        let common = one.database.postgres.places.intersection(other.database.postgres.places)
        guard let place = common.min() else { continue }
        let names = [one.manifest, other.manifest].map { manifest in
          let settings = manifest.settings.database
          return reader.value(settings.url)?.origin.name ?? settings.endpoint.name
        }
        // The complaint about the one name says it already.
        guard names[0] != names[1] else { continue }
        reader.note(
          "\(list(names)) name one database, \(place): the tables of \(one.manifest.name) would appear among those of "
            + "\(other.manifest.name); \(SettingsCatalog.sharesDatabase.name)=true allows it"
        )
      }
    }
  }

  /// On a laptop, and where an operator says so.
  private static func mayShareDatabase(_ reader: inout SettingsReader) -> Bool {
    reader.profile == .allInOne || reader.text(SettingsCatalog.sharesDatabase)?.lowercased() == "true"
  }

  private static func list(_ names: [String]) -> String {
    guard let last = names.last, names.count > 1 else { return names.joined() }
    return names.dropLast().joined(separator: ", ") + " and " + last
  }
}
