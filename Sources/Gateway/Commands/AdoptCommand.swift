internal import ArgumentParser
internal import EventLoops
internal import Events
internal import Logging
internal import NonAssociationsModule
internal import Postgres
internal import RestrictedPatientsModule
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

        gateway adopt --non-associations-database "$OLD_NA" \\
          --restricted-patients-database "$OLD_RP"
        gateway adopt --config production.env
      """
  )

  @Option(help: ArgumentHelp("libpq URL of the non-associations service's database.", valueName: "url"))
  var nonAssociationsDatabase: String?

  @Option(help: ArgumentHelp("libpq URL of the restricted patients service's database.", valueName: "url"))
  var restrictedPatientsDatabase: String?

  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await DatabaseCommand.run("adopt", common) { settings, group, logger in
      await Self.check(
        nonAssociations: nonAssociationsDatabase,
        restrictedPatients: restrictedPatientsDatabase,
        settings: &settings,
        group: group,
        logger: logger
      )
    }
  }

  /// - Parameter settings: say where the databases are if neither is given.
  /// - Returns: what is to be printed, and the exit status.
  static func check(
    nonAssociations: String?,
    restrictedPatients: String?,
    settings: inout SettingsReader,
    group: EventLoopGroup,
    logger: Logger
  ) async -> (lines: [String], status: Int32) {
    var (nonAssociations, restrictedPatients) = (nonAssociations, restrictedPatients)
    if nonAssociations == nil, restrictedPatients == nil {
      nonAssociations = Configuration.readNonAssociationsDatabase(&settings).connectionString
      restrictedPatients = Configuration.readRestrictedPatientsDatabase(&settings).connectionString
      guard settings.problems.isEmpty else { return (settings.problems, 2) }
    }
    let checks = Self.checks(logger)
    var lines: [String] = []
    var problems = 0
    for (name, url, check) in [
      (NonAssociationsModule.name, nonAssociations, checks.nonAssociations),
      (RestrictedPatientsModule.name, restrictedPatients, checks.restrictedPatients),
    ] {
      guard let url else { continue }
      var postgres = PostgresConfiguration(connectionString: url)
      postgres.applicationName = "gateway adopt"
      postgres.leaseTimeout = .seconds(5)
      postgres.statementTimeout = .seconds(1800)
      let database: PostgresDatabase
      do {
        database = try PostgresDatabase(configuration: postgres, group: group, logger: logger)
      } catch {
        return (lines + ["\(name): the URL of its database cannot be understood"], 2)
      }
      let report = await check.run(database, deadline: .now() + .seconds(7200))
      await database.shutdown()
      problems += report.problems
      lines.append("\(name):")
      lines += report.lines.map { "  \($0.kind.rawValue.paddedTo(8))\($0.text)" }
    }
    lines.append(
      problems == 0
        ? "ready: `gateway migrate` does what is told above, and the service replaced can still be started on the database"
        : "not ready: \(problems) \(problems == 1 ? "problem" : "problems")"
    )
    return (lines, problems == 0 ? 0 : 1)
  }

  private static func checks(_ logger: Logger) -> (
    nonAssociations: AdoptionCheck, restrictedPatients: AdoptionCheck
  ) {
    let events = Migrator(module: EventsMigrations.module, migrations: EventsMigrations.all, logger: logger)
    return (
      AdoptionCheck(
        NonAssociationsModule.adoption,
        migrators: [
          Migrator(
            module: NonAssociationsModule.name,
            migrations: NonAssociationsModule.migrations,
            baseline: NonAssociationsModule.baseline,
            logger: logger
          ), events,
        ]
      ),
      AdoptionCheck(
        RestrictedPatientsModule.adoption,
        migrators: [
          Migrator(
            module: RestrictedPatientsModule.name,
            migrations: RestrictedPatientsModule.migrations,
            baseline: RestrictedPatientsModule.baseline,
            logger: logger
          ), events,
        ]
      )
    )
  }
}

extension String {
  fileprivate func paddedTo(_ width: Int) -> String {
    self + String(repeating: " ", count: max(1, width - count))
  }
}
