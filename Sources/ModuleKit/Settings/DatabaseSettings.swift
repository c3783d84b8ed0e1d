/// Where the database of a module may be named: as a URL, or in parts as the replaced services were given it.
public struct DatabaseSettings: Sendable {
  /// A libpq URL; comes before the parts.
  public let url: Setting
  /// Host and port.
  public let endpoint: Setting
  /// The name of the database.
  public let name: Setting
  /// Who connects.
  public let username: Setting
  /// With what.
  public let password: Setting
  /// Who runs the migrations, if that is somebody else.
  public let migrationUsername: Setting
  /// With what.
  public let migrationPassword: Setting

  /// - Parameters:
  ///   - prefix: of the names: `NON_ASSOCIATIONS`.
  ///   - title: of the module, as a sentence has it.
  init(prefix: String, title: String) {
    url = Setting(
      "\(prefix)_DATABASE_URL",
      aliases: ["DATABASE_URL"],
      isSecret: true,
      "libpq URL of the \(title) database."
    )
    endpoint = Setting(
      "\(prefix)_DATABASE_ENDPOINT",
      aliases: ["DATABASE_ENDPOINT"],
      "host:port, or [IPv6 address]:port, of the \(title) database, in place of its URL (TLS with verify-full)."
    )
    name = Setting(
      "\(prefix)_DATABASE_NAME",
      aliases: ["DATABASE_NAME"],
      "Name of the \(title) database, beside its endpoint."
    )
    username = Setting(
      "\(prefix)_DATABASE_USERNAME",
      aliases: ["DATABASE_USERNAME"],
      "User of the \(title) database, beside its endpoint."
    )
    password = Setting(
      "\(prefix)_DATABASE_PASSWORD",
      aliases: ["DATABASE_PASSWORD"],
      isSecret: true,
      "Password of the user of the \(title) database, beside its endpoint."
    )
    migrationUsername = Setting(
      "\(prefix)_DATABASE_MIGRATION_USERNAME",
      aliases: ["SPRING_FLYWAY_USER"],
      "User who brings the \(title) database to its schema; not set: the database's own."
    )
    migrationPassword = Setting(
      "\(prefix)_DATABASE_MIGRATION_PASSWORD",
      aliases: ["SPRING_FLYWAY_PASSWORD"],
      isSecret: true,
      "Password of the user who brings the \(title) database to its schema."
    )
  }

  /// In the order of docs/settings.md.
  public var all: [Setting] {
    [url, endpoint, name, username, password, migrationUsername, migrationPassword]
  }
}
