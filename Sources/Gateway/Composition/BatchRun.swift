internal import EventLoops
internal import Logging
internal import ModuleKit
internal import Postgres
internal import ServiceKit
internal import Time

/// One run of a module's job, without a server: no listener, no consumer, no relay, and of the modules the job's alone.
struct BatchRun {
  /// As ``JobDeclaration/name``.
  let job: String
  let clock: any WallClock
  var replacements = ComposedModule.Replacements()
  let logger: Logger

  /// Runs the job and prints what came of it.
  /// - Returns: the exit status: 0 if it ran, 2 if another process is at it.
  /// - Throws: what keeps the job from running.
  func status(_ configuration: Configuration, group: EventLoopGroup) async throws -> Int32 {
    guard
      let own = configuration.modules.first(where: { module in
        module.manifest.jobs.contains { $0.name == job }
      })
    else { throw ConfigurationError(problems: ["the module that has the job \(job) is not hosted"]) }
    let platform = try Platform(configuration, group: group, clock: clock, logger: logger)
    let module = try ComposedModule(own, platform, replacements)
    let result: Result<String?, any Error>
    do {
      // No server may have been started on it yet, or a newer one that leaves no place for this program.
      try await module.migrations(logger).apply()
      let own = module.instance.jobs.first { $0.name == job }
      result = .success(try await group.any().run { try await own?.run() })
    } catch {
      result = .failure(error)
    }
    await module.closeClients()
    await module.database.shutdown()
    await platform.shutdown()
    await platform.observability.shutdown()
    guard let outcome = try result.get() else {
      print("another process is running the \(job)")
      return 2
    }
    print(outcome)
    return 0
  }
}
