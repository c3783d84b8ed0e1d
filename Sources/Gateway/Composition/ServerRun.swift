internal import EventLoops
internal import Logging
internal import ModuleKit
internal import Observability
internal import ServiceKit
internal import Time

/// One run of the server, from its start until a signal stops it.
struct ServerRun {
  let group: EventLoopGroup
  let clock: any WallClock
  let logger: Logger
  /// Gets an entry for each answer; nil for none.
  let accessLog: RequestObserver.AccessLog?

  /// Serves until a signal comes.
  /// - Parameters:
  ///   - localRoutes: what the all-in-one profile adds to the console; nil outside of it.
  ///   - started: runs once the server answers.
  /// - Throws: what keeps the gateway from serving; by then it is stopped.
  func serve(
    _ configuration: Configuration,
    localRoutes: [RouteDeclaration]? = nil,
    started: (GatewayApplication) async throws -> Void = { _ in }
  ) async throws {
    let application = try await GatewayApplication.start(
      configuration,
      group: group,
      clock: clock,
      logger: logger,
      options: .init(accessLog: accessLog, localRoutes: localRoutes)
    )
    do {
      try await started(application)
      // Before the log says so: whoever reads that may send a signal at once.
      try ProcessLife.current.serves(onHangUp: application.onHangUp)
      logger.info(
        "serving",
        metadata: ["address": "\(application.address)", "loops": "\(group.loops.count)"]
      )
    } catch {
      await application.shutdown()
      throw error
    }
    let signal = await ProcessLife.current.untilStopped()
    logger.info(
      "stopping; requests in flight may finish",
      metadata: ["signal": "\(TerminationSignals.name(signal))"]
    )
    StopWatchdog.watch(configuration.server.shutdownTimeout)
    await application.shutdown()
    logger.info("stopped")
  }
}
