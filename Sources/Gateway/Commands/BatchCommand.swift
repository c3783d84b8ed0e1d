internal import ArgumentParser
internal import EventLoops
internal import Logging
internal import ModuleKit
internal import ServiceKit
internal import Time

struct BatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "batch",
    abstract: "Run one job and exit.",
    discussion: """
      Prints a summary, which counts what failed. Exits with 0 when the job ran, with 1 when it could not, for want of the \
      database or of another service's answer, and with 2 when another process is running it. Events are left in the \
      outbox, which a running server publishes. The jobs:

      \(jobs)

        gateway batch past-date-check
        gateway batch past-date-check --profile all-in-one --config .local/endpoints.env
      """
  )

  private static let jobs = Modules.all.flatMap(\.jobs).map { "  \($0.name)  \($0.summary)" }
    .joined(separator: "\n")

  @Argument(
    help: ArgumentHelp(
      "The job: \(Modules.all.flatMap(\.jobs).map(\.name).joined(separator: ", ")).",
      valueName: "job"
    )
  )
  var job: String

  @OptionGroup var common: CommonOptions

  func validate() throws {
    let names = Modules.all.flatMap(\.jobs).map(\.name)
    guard names.contains(job) else {
      throw ValidationError("there is no job \(job), but \(names.joined(separator: ", "))")
    }
  }

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
    let status = try await BatchRun(job: job, clock: clock, logger: logger).status(
      configuration,
      group: group
    )
    if status != 0 { throw ExitCode(status) }
  }
}
