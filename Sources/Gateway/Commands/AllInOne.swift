internal import CLinux
internal import EventLoops
internal import LocalProfile
internal import Logging
internal import Observability
internal import Time

extension ServeCommand {
  /// Starts the private PostgreSQL and the doubles, serves on top of them, and takes them down again, whichever way
  /// serving ends.
  func serveAllInOne(
    _ reader: inout SettingsReader,
    group: EventLoopGroup,
    clock: any WallClock,
    logger: Logger,
    accessLog: RequestObserver.AccessLog?
  ) async throws {
    var local = LocalEnvironment.Configuration()
    local.dataFolder = reader.requiredText(SettingsCatalog.localData)
    local.knowsAnyPrisoner = reader.choice(
      SettingsCatalog.localPrisoners,
      [("samples", false), ("any", true)],
      fallback: false
    )
    if let path = ProcessEnvironment.read()["PATH"] { local.searchPath = path }
    logger.info("starting a private PostgreSQL and the doubles", metadata: ["data": "\(local.dataFolder)"])
    let environment = try await LocalEnvironment.start(local, group: group, logger: logger, clock: clock)
    do {
      let configuration = try Configuration.read(&reader, provided: LocalWorld(environment))
      try await serve(
        configuration,
        group: group,
        clock: clock,
        logger: logger,
        accessLog: accessLog,
        localRoutes: environment.consoleRoutes
      ) { application in
        try await Self.fill(application, environment, messaging: configuration.messaging)
        try LocalEndpoints(environment, serverURL: application.url).write()
        let program = ProcessArguments.read().first ?? "gateway"
        print(environment.banner(serverURL: application.url, program: program))
        // Standard output is buffered when it is not a terminal.
        fflush(nil)
      }
    } catch {
      await environment.stop()
      throw error
    }
    await environment.stop()
  }
}

extension LocalWorld {
  init(_ environment: LocalEnvironment) {
    self.init(
      databaseURL: environment.databaseURL,
      oauthBase: environment.authURL,
      prisonerSearchBase: environment.prisonerSearchURL,
      clientID: environment.nonAssociationsClient.clientID,
      clientSecret: environment.nonAssociationsClient.secret,
      prisonAPIBase: environment.prisonAPIURL,
      restrictedPatientsClientID: environment.restrictedPatientsClient.clientID,
      restrictedPatientsClientSecret: environment.restrictedPatientsClient.secret
    )
  }
}
