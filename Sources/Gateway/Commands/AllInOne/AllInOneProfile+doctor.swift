internal import LocalStack
internal import ModuleKit
internal import Time

extension AllInOneProfile {
  /// A running all-in-one profile is looked at like any other gateway, by its `endpoints.env`; of one that does not run
  /// it is said whether it could.
  static func examine(_ settings: SettingsReader) async throws -> [Finding] {
    var reader = settings
    var local = LocalEnvironment.Configuration()
    local.dataFolder = reader.requiredText(SettingsCatalog.localData)
    if let path = ProcessEnvironment.read()["PATH"] { local.searchPath = path }
    let examination = await LocalEnvironment.examine(local, clock: SystemClock())
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
      var endpoints = SettingsReader(environment: [:], file: file, profile: .standard)
      endpoints.namesOfOthers = LocalEndpoints.othersNames
      return [running] + (try await Doctor.examine(endpoints, runningAt: file[LocalEndpoints.gatewayName]))
    }
    var findings = examination.findings(folder: local.dataFolder)
    reader.provided = LocalSettings.notYetStarted
    _ = try? Configuration.read(&reader)
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
    if let (text, advice) = recordsProblem {
      findings.append(Finding(.fail, "all-in-one", text, advice: advice))
    }
    return findings
  }
}
