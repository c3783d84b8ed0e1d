internal import ArgumentParser
internal import CLinux
internal import EventLoops
internal import HTTPTransport
internal import LocalProfile
internal import Logging
internal import ServiceKit
internal import Time

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Check everything the server needs, and say what is wrong and what to do.",
    discussion: """
      Looks at the configuration, certificates, databases (reachable, version, rights, migrations to apply), the \
      services called (ping, keys, tokens, whether they take them), topics, queues, dead letters and ports. It changes \
      nothing, and can be run beside a running server.

      Every line begins with ok, warn or fail; a line with an arrow says what to do. Exits with 0 when nothing failed, \
      else with 1.

        gateway doctor
        gateway doctor --config /etc/gateway.conf --json
        gateway doctor --profile all-in-one
        kubectl exec deploy/gateway -- gateway doctor
      """
  )

  @OptionGroup var common: CommonOptions

  @Flag(help: "Print one JSON object: {\"status\":…,\"findings\":[…]}.")
  var json = false

  func run() async throws {
    let findings =
      switch common.profile {
      case .standard: try await Self.examine(try common.reader())
      case .allInOne: try await Self.examineAllInOne(try common.reader())
      }
    try Task.checkCancellation()
    if json {
      print(String(decoding: findings.json, as: UTF8.self))
    } else {
      for finding in findings { print(finding.line) }
    }
    if findings.level == .fail {
      fflush(nil)
      throw ExitCode(1)
    }
  }

  /// What there is to say of a gateway with these settings.
  static func examine(_ settings: SettingsReader, runningAt url: String? = nil) async throws -> [Finding] {
    var reader = settings
    let configuration = try? Configuration.read(&reader)
    var findings = Doctor.settings(reader)
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

  /// A running all-in-one profile is looked at like any other gateway, by its `endpoints.env`; of one that does not run
  /// it is said whether it could.
  private static func examineAllInOne(_ settings: SettingsReader) async throws -> [Finding] {
    var reader = settings
    var local = LocalEnvironment.Configuration()
    local.dataFolder = reader.requiredText(SettingsCatalog.localData)
    if let path = ProcessEnvironment.read()["PATH"] { local.searchPath = path }
    let examination = await LocalEnvironment.examine(local)
    if let process = examination.processID {
      let path = LocalEndpoints.path(in: local.dataFolder)
      let running = Finding(
        .ok,
        "all-in-one",
        "runs as process \(process), on the folder \(local.dataFolder)"
      )
      guard let file = try? ConfigurationFile.read(path: path) else {
        return [
          running,
          Finding(.warn, "all-in-one", "\(path) is not there yet", advice: "wait until the gateway is ready"),
        ]
      }
      let endpoints = SettingsReader(environment: [:], file: file, profile: .standard)
      return [running] + (try await examine(endpoints, runningAt: file[LocalEndpoints.gatewayName]))
    }
    var findings = examination.findings(folder: local.dataFolder)
    _ = try? Configuration.read(&reader, provided: .notYetStarted)
    findings += Doctor.settings(reader)
    if findings.level < .fail {
      findings.append(
        Finding(
          .ok,
          "all-in-one",
          "does not run, and can be started",
          advice: "gateway serve --profile all-in-one, then ask again for more"
        )
      )
    }
    return findings
  }
}

extension LocalEnvironment.Examination {
  fileprivate func findings(folder: String) -> [Finding] {
    var findings: [Finding] = []
    if postgres.isEmpty {
      findings.append(
        Finding(
          .fail,
          "all-in-one",
          "PostgreSQL's programs (initdb, postgres) are not installed",
          advice: "apt-get install postgresql"
        )
      )
    } else {
      let versions = postgres.map(String.init).joined(separator: ", ")
      findings.append(Finding(.ok, "all-in-one", "PostgreSQL \(versions) is installed"))
    }
    if !hasSetpriv {
      findings.append(
        Finding(.fail, "all-in-one", "setpriv is not installed", advice: "apt-get install util-linux")
      )
    }
    if let folderProblem {
      findings.append(
        Finding(
          .fail,
          "all-in-one",
          "the data folder \(folder): \(folderProblem)",
          advice: "set \(SettingsCatalog.localData.name) to a folder that can be written to"
        )
      )
    }
    return findings
  }
}
