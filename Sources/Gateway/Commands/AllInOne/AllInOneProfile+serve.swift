internal import CLinux
internal import LocalStack
internal import Logging
internal import ModuleKit

extension AllInOneProfile {
  /// Starts the private PostgreSQL and the doubles, serves on top of them, and stops them, whichever way serving ends.
  static func serve(_ reader: inout SettingsReader, _ run: ServerRun) async throws {
    let local = configuration(&reader)
    run.logger.info(
      "starting a private PostgreSQL and the doubles",
      metadata: ["data": "\(local.dataFolder)"]
    )
    let environment = try await LocalEnvironment.start(
      local,
      group: run.group,
      logger: run.logger,
      clock: run.clock
    )
    do {
      reader.provided = LocalSettings.provided(by: environment)
      let configuration = try Configuration.read(&reader)
      try await run.serve(configuration, localRoutes: environment.consoleRoutes) { application in
        try await Self.fill(application, environment)
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

  private static func configuration(_ reader: inout SettingsReader) -> LocalEnvironment.Configuration {
    var local = LocalEnvironment.Configuration()
    local.dataFolder = reader.requiredText(SettingsCatalog.localData)
    local.knowsAnyPrisoner = reader.choice(
      SettingsCatalog.localPrisoners,
      [("samples", false), ("any", true)],
      fallback: false
    )
    if let path = ProcessEnvironment.read()["PATH"] { local.searchPath = path }
    return local
  }
}
