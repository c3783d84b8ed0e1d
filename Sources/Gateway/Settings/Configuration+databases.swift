internal import ModuleKit
internal import Postgres

extension Configuration {
  /// How one module's database is reached and used.
  struct Database: Sendable {
    /// A libpq connection string; holds the password.
    var connectionString: String
    /// Who runs the migrations, where the settings say.
    var migrationUser: (name: String?, password: String?)
    var readConnections: Int
    var writeConnections: Int
    var leaseTimeout: Duration
    var statementTimeout: Duration
  }

  static func readDatabase(of manifest: ModuleManifest, _ reader: inout SettingsReader) -> Database {
    let settings = manifest.settings.database
    return Database(
      connectionString: reader.text(settings.url) ?? connectionStringFromParts(of: manifest, &reader),
      migrationUser: (reader.text(settings.migrationUsername), reader.text(settings.migrationPassword)),
      readConnections: reader.integer(SettingsCatalog.databaseReadConnections, in: 1...100),
      writeConnections: reader.integer(SettingsCatalog.databaseWriteConnections, in: 1...100),
      leaseTimeout: reader.duration(SettingsCatalog.databaseLeaseTimeout),
      statementTimeout: reader.duration(SettingsCatalog.databaseStatementTimeout)
    )
  }

  /// The databases alone, for commands that need nothing else.
  /// - Returns: what is wrong is in the reader's problems.
  static func readDatabases(
    _ reader: inout SettingsReader,
    of modules: [ModuleManifest] = Modules.all
  ) -> [(manifest: ModuleManifest, database: Database)] {
    let selected = ModuleSelection(modules: modules).read(&reader)
    let databases = selected.map { selected in
      (manifest: selected.manifest, database: readDatabase(of: selected.manifest, &reader))
    }
    SharedSettings.check(databases, &reader)
    return databases
  }

  /// The replaced services were given host:port, name, user and password apart, and used TLS with `verify-full`.
  private static func connectionStringFromParts(
    of manifest: ModuleManifest,
    _ reader: inout SettingsReader
  ) -> String {
    let settings = manifest.settings.database
    guard let endpoint = reader.text(settings.endpoint) else {
      let aliases = settings.url.aliases.map { $0 + ", " }.joined()
      reader.note(
        "\(settings.url.name) (or \(aliases)or \(settings.endpoint.name) with _NAME, _USERNAME and _PASSWORD) is not "
          + "set: where the \(manifest.title) database is"
      )
      return ""
    }
    let place = DatabaseEndpoint(endpoint)
    if place == nil {
      reader.note(
        "\(settings.endpoint.name): '\(endpoint)' is neither host, host:port, [IPv6 address]:port nor IPv6 address"
      )
    }
    let fields = [
      ("host", place?.host ?? ""), ("port", "\(place?.port ?? DatabaseEndpoint.standardPort)"),
      ("dbname", reader.requiredText(settings.name)),
      ("user", reader.requiredText(settings.username)),
      ("password", reader.requiredText(settings.password)),
      ("sslmode", "verify-full"),
    ]
    return fields.map { "\($0)='\(escaped($1))'" }.joined(separator: " ")
  }

  /// Backslash and quote are escaped inside a quoted value of a libpq keyword string (libpq, 34.1.1.1).
  private static func escaped(_ value: String) -> String {
    var text = ""
    for character in value {
      if character == "\\" || character == "'" { text.append("\\") }
      text.append(character)
    }
    return text
  }
}

extension Configuration.Database {
  /// As the database layer takes it.
  var postgres: PostgresConfiguration {
    var postgres = PostgresConfiguration(connectionString: connectionString)
    postgres.readConnectionsPerLoop = readConnections
    postgres.transactionConnectionsPerLoop = writeConnections
    postgres.leaseTimeout = leaseTimeout
    postgres.statementTimeout = statementTimeout
    return postgres
  }

  /// As migrations reach it; nil where that is not as another user.
  var postgresForMigrations: PostgresConfiguration? {
    postgres.asUser(migrationUser.name, password: migrationUser.password)
  }

  /// How many connections may be open on so many loops.
  func connections(onLoops loops: Int) -> (reads: Int, transactions: Int) {
    (readConnections * loops, writeConnections * loops)
  }
}
