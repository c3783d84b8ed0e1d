internal import Doubles
internal import LocalStack
internal import ModuleKit

/// What the all-in-one profile has started and the configuration therefore need not name, by the names of settings.
enum LocalSettings {
  static func provided(by environment: LocalEnvironment) -> [String: String] {
    values(
      database: environment.databaseURL,
      auth: environment.authURL,
      upstreams: environment.upstreamURLs,
      client: { environment.client(of: $0).map { ($0.clientID, $0.secret) } }
    )
  }

  /// Stands for what the profile will start: enough to check the rest of the configuration.
  static let notYetStarted = values(
    database: "-",
    auth: "http://127.0.0.1",
    upstreams: Dictionary(
      Modules.all.flatMap(\.upstreams).map { ($0.id, "http://127.0.0.1") }
    ) { first, _ in first },
    client: { _ in ("-", "-") }
  )

  /// The names that the profile provides.
  static var names: Set<String> { Set(notYetStarted.keys) }

  private static func values(
    database: String,
    auth: String,
    upstreams: [String: String],
    client: (_ module: String) -> (id: String, secret: String)?
  ) -> [String: String] {
    var values = [Setting.auth.name: auth]
    for manifest in Modules.all {
      values[manifest.settings.database.url.name] = database
      for upstream in manifest.upstreams { values[upstream.base.name] = upstreams[upstream.id] }
      if let (id, secret) = client(manifest.name) {
        values[manifest.settings.clientID.name] = id
        values[manifest.settings.clientSecret.name] = secret
      }
    }
    return values
  }
}
