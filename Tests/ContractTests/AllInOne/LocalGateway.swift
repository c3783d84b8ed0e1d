import EventLoops
import Foundation
import HTTPTransport
import HTTPTypes
import LocalStack
import Logging
import ModuleKit
import ServiceKit
import Time

@testable import Gateway

/// An all-in-one profile of a test: its private PostgreSQL, its doubles and the gateway on them, all on free ports.
struct LocalGateway {
  let environment: LocalEnvironment
  let application: GatewayApplication
  let play: LocalPlay

  /// Starts one, runs `body`, and takes everything down.
  static func with(_ body: (LocalGateway) async throws -> Void) async throws {
    let parent = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
    let folder = "\(parent)/gateway-test-\(UUID().uuidString.prefix(8))"
    let group = try World.group.get()
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    var local = LocalEnvironment.Configuration()
    local.dataFolder = folder
    (local.authPort, local.prisonerSearchPort, local.prisonAPIPort) = (0, 0, 0)
    if let path = ProcessInfo.processInfo.environment["PATH"] { local.searchPath = path }
    let environment = try await LocalEnvironment.start(
      local,
      group: group,
      logger: logger,
      clock: SystemClock()
    )
    let result: Result<Void, any Error>
    do {
      result = .success(try await run(environment, group: group, logger: logger, body))
    } catch {
      result = .failure(error)
    }
    await environment.stop()
    try? FileManager.default.removeItem(atPath: folder)
    try result.get()
  }

  private static func run(
    _ environment: LocalEnvironment,
    group: EventLoopGroup,
    logger: Logger,
    _ body: (LocalGateway) async throws -> Void
  ) async throws {
    var reader = SettingsReader(
      environment: ["SERVER_PORT": "0", "SERVER_HOST": "127.0.0.1", "SERVER_SHUTDOWN_TIMEOUT": "2s"],
      profile: .allInOne
    )
    reader.provided = LocalSettings.provided(by: environment)
    let configuration = try Configuration.read(&reader)
    let application = try await GatewayApplication.start(
      configuration,
      group: group,
      clock: SystemClock(),
      logger: logger,
      options: .init(localRoutes: environment.consoleRoutes)
    )
    let result: Result<Void, any Error>
    do {
      try await AllInOneProfile.fill(application, environment)
      guard let play = environment.play else { throw SocketFailure(description: "nothing can be played") }
      result = .success(
        try await body(LocalGateway(environment: environment, application: application, play: play))
      )
    } catch {
      result = .failure(error)
    }
    await application.shutdown()
    try result.get()
  }

  /// Plays a scene and gives the report as one text.
  func report(_ scene: PlayScene) async throws -> String {
    let report = try await play.play(scene)
    return (report.did + report.events + report.outcome).joined(separator: "\n")
  }
}
