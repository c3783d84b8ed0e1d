internal import ArgumentParser
internal import EventLoops
internal import Logging
internal import ModuleKit
internal import Observability
internal import ServiceKit
internal import Time

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Run the server until SIGTERM or SIGINT.",
    discussion: """
      SIGTERM or SIGINT stops: for SERVER_DRAIN_TIME requests are still taken, each answered with "Connection: close", then \
      those in flight finish; all is over in SERVER_SHUTDOWN_TIMEOUT. A second one ends at once. SIGHUP makes a server that \
      was given files of certificates (its own, or authorities to trust) read them again, which it does by itself within a \
      minute after they change, and stops any other.

        gateway serve --profile all-in-one
        SERVER_PORT=9000 gateway serve --profile all-in-one
        gateway serve --config /etc/gateway.conf
      """
  )

  @OptionGroup var common: CommonOptions

  func run() async throws {
    var reader = try common.reader()
    let clock = SystemClock()
    let level = Configuration.readLogLevel(&reader)
    let format = Configuration.readLogFormat(&reader)
    let sink = LogSink { dropped in
      LogLine(
        time: clock.now(),
        level: "warning",
        logger: "log",
        message: "lines dropped because the reader of the log was too slow",
        details: [("lines", String(dropped))]
      ).text(format)
    }
    let choice = Configuration.readAccessLog(&reader)
    let accessLog = AccessLogWriter.make(choice, format: format, sink: sink, clock: clock)
    LoggingSystem.bootstrap { label in
      GatewayLogHandler(label: label, level: level, format: format, sink: sink, clock: clock)
    }
    let logger = Logger(label: "gateway")
    defer { sink.drain() }
    for name in reader.unknownNames() {
      logger.warning("a setting is set that nothing reads", metadata: ["name": "\(name)"])
    }
    for (name, reason) in reader.ineffectiveSettings() {
      logger.warning("a setting has no effect", metadata: ["name": "\(name)", "reason": "\(reason)"])
    }

    do {
      try await serve(&reader, clock: clock, logger: logger, accessLog: accessLog)
    } catch {
      if let signal = ProcessLife.current.endingSignal {
        logger.notice("ended before it served", metadata: ["signal": "\(TerminationSignals.name(signal))"])
      }
      throw error
    }
  }

  private func serve(
    _ reader: inout SettingsReader,
    clock: any WallClock,
    logger: Logger,
    accessLog: RequestObserver.AccessLog?
  ) async throws {
    OpenFiles.raise()
    FreedMemory.own()
    let loops = reader.optionalInteger(SettingsCatalog.serverLoops, in: 1...256)
    let group = try EventLoopGroup(count: loops)
    defer { group.shutdown() }
    if reader.text(SettingsCatalog.tlsCertificate) != nil { ProcessLife.current.willReload() }
    let run = ServerRun(group: group, clock: clock, logger: logger, accessLog: accessLog)
    switch common.profile {
    case .standard:
      let configuration = try Configuration.read(&reader)
      if let job = configuration.batch {
        let batch = BatchRun(job: job.name, clock: clock, logger: logger)
        let status = try await batch.status(configuration, group: group)
        if status != 0 { throw ExitCode(status) }
        return
      }
      try await run.serve(configuration)
    case .allInOne: try await AllInOneProfile.serve(&reader, run)
    }
  }
}
