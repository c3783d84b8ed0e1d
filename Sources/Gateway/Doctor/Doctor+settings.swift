internal import EventLoops
internal import HTTPTransport
internal import Logging
internal import ModuleKit
internal import Time

extension Doctor {
  /// What there is to say of a gateway with these settings.
  static func examine(_ settings: SettingsReader, runningAt url: String? = nil) async throws -> [Finding] {
    var reader = settings
    let configuration = try? Configuration.read(&reader)
    var findings = Self.settings(reader)
    guard let configuration else { return findings }
    let group = try EventLoopGroup(count: 1)
    defer { group.shutdown() }
    let doctor = Doctor(
      configuration: configuration,
      group: group,
      clock: SystemClock(),
      // Whatever goes wrong is a finding.
      logger: Logger(label: "gateway.doctor") { _ in SwiftLogNoOpLogHandler() },
      runningAt: url.flatMap { try? HTTPURL($0) }
    )
    findings += try await group.any().run { await doctor.examine() }
    return findings
  }

  /// What was wrong before a configuration could be made of the settings.
  /// - Parameter reader: after the configuration was read from it.
  static func settings(_ reader: SettingsReader) -> [Finding] {
    var findings = reader.problems.map { Finding(.fail, "configuration", $0) }
    if !findings.isEmpty {
      findings.append(
        Finding(
          .fail,
          "configuration",
          "nothing else can be checked",
          advice:
            "set these in the environment or in the file of --config (gateway config shows what is in force); "
            + "gateway serve --profile all-in-one needs none of them"
        )
      )
    }
    findings += reader.unknownNames().map {
      Finding(
        .warn,
        "configuration",
        "\($0) is set, but nothing reads it",
        advice: "a spelling mistake? gateway config lists the names; remove it if it is not needed"
      )
    }
    findings += reader.ineffectiveSettings().map { name, reason in
      Finding(.warn, "configuration", "\(name) has no effect", advice: reason)
    }
    if findings.isEmpty { findings = [Finding(.ok, "configuration", "complete")] }
    return findings
  }
}
