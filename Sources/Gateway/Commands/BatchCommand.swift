internal import ArgumentParser
internal import EventLoops
internal import Events
internal import HTTPTransport
internal import Logging
internal import RestrictedPatientsModule
internal import ServiceKit
internal import Time

struct BatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "batch",
    abstract: "Run one job and exit.",
    discussion: """
        gateway batch past-date-check
      """,
    subcommands: [PastDateCheckCommand.self]
  )
}

struct PastDateCheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "past-date-check",
    abstract: "Remove every restricted patient whose sentence is over.",
    discussion: """
      Prints a summary. Exits with 0 when everything was decided and done, with 1 when a removal failed or prisoner \
      search did not answer, and with 2 when another process is at it. Events are left in the outbox, which a running \
      server publishes.

        gateway batch past-date-check
        gateway batch past-date-check --profile all-in-one --config .local/endpoints.env
      """
  )

  @OptionGroup var common: CommonOptions

  func run() async throws {
    var reader = try common.reader()
    let configuration = try Configuration.read(&reader)
    let sink = LogSink()
    defer { sink.drain() }
    let clock = SystemClock()
    let logger = Logger(label: "gateway.batch") { label in
      GatewayLogHandler(
        label: label,
        level: configuration.logLevel,
        format: configuration.logFormat,
        sink: sink,
        clock: clock
      )
    }
    let group = try EventLoopGroup(count: 1)
    defer { group.shutdown() }
    let status = try await Self.check(configuration, group: group, clock: clock, logger: logger)
    if status != 0 { throw ExitCode(status) }
  }

  /// - Returns: the exit status.
  static func check(
    _ configuration: Configuration,
    group: EventLoopGroup,
    clock: any WallClock,
    outbox: (any Outbox)? = nil,
    logger: Logger
  ) async throws -> Int32 {
    let observability = try GatewayObservability(
      configuration.observability,
      version: configuration.about.version,
      group: group,
      clock: clock,
      logger: logger
    )
    let parts = try RestrictedPatientsParts(
      configuration,
      urls: try UpstreamURLs(configuration),
      group: group,
      london: try LondonTime(),
      clock: clock,
      outbox: outbox ?? configuration.messaging.patientsOutbox,
      telemetry: observability.restrictedPatientsTelemetry,
      observability: observability,
      logger: logger
    )
    let job = parts.module.pastDateJob
    let result: Result<PastDateSummary?, any Error>
    do {
      // No server may have been started on it yet, or a newer one that leaves no place for this program.
      try await DatabaseMigrations(
        nonAssociations: nil,
        restrictedPatients: parts.database,
        logger: logger
      ).apply()
      result = .success(try await group.any().run { try await job.run() })
    } catch {
      result = .failure(error)
    }
    await parts.shutdown()
    await observability.shutdown()
    guard let summary = try result.get() else {
      print("another process is running the past-date check")
      return 2
    }
    print(summary)
    return summary.isComplete ? 0 : 1
  }
}
