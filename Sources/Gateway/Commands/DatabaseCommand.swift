internal import ArgumentParser
internal import EventLoops
internal import Logging
internal import ModuleKit
internal import ServiceKit
internal import Time

/// What the commands that look into databases and then end have in common.
enum DatabaseCommand {
  /// Does the work on one loop, prints what it gives, and exits with its status unless that is 0. A command that is
  /// told to end prints nothing.
  /// - Parameter name: of the command, for its logger.
  static func run(
    _ name: String,
    _ common: CommonOptions,
    _ work: (inout SettingsReader, EventLoopGroup, Logger) async -> (lines: [String], status: Int32)
  ) async throws {
    var reader = try common.reader()
    let sink = LogSink()
    defer { sink.drain() }
    let logger = Logger(label: "gateway.\(name)") { label in
      GatewayLogHandler(label: label, level: .critical, format: .text, sink: sink, clock: SystemClock())
    }
    let group = try EventLoopGroup(count: 1)
    defer { group.shutdown() }
    let (lines, status) = await work(&reader, group, logger)
    try Task.checkCancellation()
    for line in lines { print(line) }
    if status != 0 { throw ExitCode(status) }
  }
}
