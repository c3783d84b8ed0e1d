internal import ArgumentParser
internal import EventLoops
internal import Events
internal import Logging
internal import ModuleKit
internal import Postgres
internal import Time

struct AdoptCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "adopt",
    abstract: "Check databases of the replaced services before the gateway takes them over.",
    discussion: """
      Says whether their schema, their rows and the user's rights are as they must be, and what the migrations will do, \
      how long that takes and who waits meanwhile. It changes nothing: `gateway migrate`, or the server's start, does. \
      Without an option, the databases are those of the settings. Exits with 0 when all is ready, with 1 when something \
      has to be put right first, and with 2 when no database is named.

        gateway adopt --database non-associations="$OLD_NA" \\
          --database restricted-patients="$OLD_RP"
        gateway adopt --config production.env
      """
  )

  @Option(
    name: .customLong("database"),
    help: ArgumentHelp(
      "Database of the service that a module replaces: the module's name and a libpq URL. Repeat for several.",
      valueName: "module=url"
    )
  )
  var databases: [String] = []

  @OptionGroup var common: CommonOptions

  func validate() throws {
    for text in databases where Self.parse(text) == nil {
      let names = Modules.all.map(\.name).joined(separator: ", ")
      throw ValidationError("--database \(text) is not of the form module=url with a module of \(names)")
    }
  }

  func run() async throws {
    try await DatabaseCommand.run("adopt", common) { settings, group, logger in
      await Self.check(
        databases.compactMap(Self.parse),
        settings: &settings,
        group: group,
        logger: logger
      )
    }
  }

  /// A module that replaces a service, and the libpq URL of that service's database.
  typealias Database = (manifest: ModuleManifest, url: String)

  private static func parse(_ text: String) -> Database? {
    let parts = text.split(separator: "=", maxSplits: 1)
    guard parts.count == 2, let manifest = Modules.all.first(where: { $0.name == parts[0] }) else {
      return nil
    }
    return (manifest, String(parts[1]))
  }

  /// - Parameters:
  ///   - databases: those to be looked at; none for those of the settings.
  ///   - settings: say where the databases are if none is given.
  /// - Returns: what is to be printed, and the exit status.
  static func check(
    _ databases: [Database],
    settings: inout SettingsReader,
    group: EventLoopGroup,
    logger: Logger
  ) async -> (lines: [String], status: Int32) {
    var places = databases.map { ($0.manifest, PostgresConfiguration(connectionString: $0.url)) }
    if places.isEmpty {
      places = Configuration.readDatabases(&settings).map {
        ($0.manifest, $0.database.postgresForMigrations ?? $0.database.postgres)
      }
      guard settings.problems.isEmpty else { return (settings.problems, 2) }
    }
    var lines: [String] = []
    var problems = 0
    for (manifest, place) in places {
      guard let check = Self.check(of: manifest, logger) else { continue }
      var postgres = place
      postgres.applicationName = "gateway adopt"
      postgres.leaseTimeout = .seconds(5)
      postgres.statementTimeout = .seconds(1800)
      let database: PostgresDatabase
      do {
        database = try PostgresDatabase(configuration: postgres, group: group, logger: logger)
      } catch {
        return (lines + ["\(manifest.name): the URL of its database cannot be understood"], 2)
      }
      let report = await check.run(database, deadline: group.now() + .seconds(7200))
      await database.shutdown()
      problems += report.problems
      let template = templateLines(of: manifest, &settings)
      problems += template.count { $0.kind == .problem }
      lines.append("\(manifest.name):")
      lines += (report.lines + template).map { "  \($0.kind.rawValue.paddedTo(8))\($0.text)" }
    }
    lines.append(
      problems == 0
        ? "ready: `gateway migrate` does what is listed above, and the replaced service can still be started on the database"
        : "not ready: \(problems) \(problems == 1 ? "problem" : "problems")"
    )
    return (lines, problems == 0 ? 0 : 1)
  }

  /// What is served as the template of subject access requests, and whether it is the one that is registered.
  private static func templateLines(
    of manifest: ModuleManifest,
    _ settings: inout SettingsReader
  ) -> [AdoptionReport.Line] {
    let known = settings.problems.count
    let text = SubjectAccessText.read(manifest, &settings)
    let problems = settings.problems.dropFirst(known).map { AdoptionReport.Line(.problem, $0) }
    guard problems.isEmpty, let text, let own = manifest.settings.subjectAccess else { return problems }
    return [
      text.difference(own).map { AdoptionReport.Line(.problem, $0) }
        ?? AdoptionReport.Line(.good, text.summary)
    ]
  }

  /// nil for a module that replaces no service.
  private static func check(of manifest: ModuleManifest, _ logger: Logger) -> AdoptionCheck? {
    manifest.schema.adoption.map { adoption in
      AdoptionCheck(
        adoption,
        migrators: DatabaseMigrations.migrators(of: manifest, logger: logger)
      )
    }
  }
}

extension String {
  fileprivate func paddedTo(_ width: Int) -> String {
    self + String(repeating: " ", count: max(1, width - count))
  }
}
