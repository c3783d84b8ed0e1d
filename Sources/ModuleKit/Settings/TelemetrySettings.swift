/// What an operator can set of a module's telemetry (docs/contract/adoption.md §3).
public struct TelemetrySettings: Sendable {
  /// Where it goes besides the log.
  public let connection: Setting
  /// Which share of it is sent.
  public let sampling: Setting
  /// What ``sampling`` is in development, if nobody sets it.
  public let developmentSampling: String
  /// Which of the module's log lines are sent.
  public let level: Setting
  /// By whose name development is told from production.
  public let agentConfiguration: Setting

  /// - Parameters:
  ///   - prefix: `NON_ASSOCIATIONS`.
  ///   - title: of the module, as a sentence has it.
  ///   - sampling: shares in per cent, in production and in development, if nobody sets them.
  ///   - level: the lowest level of the log lines, if nobody sets it.
  init(prefix: String, title: String, sampling: (production: String, development: String), level: String) {
    connection = Setting(
      "\(prefix)_APPLICATIONINSIGHTS_CONNECTION_STRING",
      sharedAliases: ["APPLICATIONINSIGHTS_CONNECTION_STRING"],
      isSecret: true,
      "Application Insights that gets requests, dependencies, log lines, exceptions and custom events of \(title)."
    )
    developmentSampling = sampling.development
    self.sampling = Setting(
      "\(prefix)_TELEMETRY_SAMPLING",
      default: sampling.production,
      "Percentages of requests for health and info, of statements (sql) and of calls to sign-in hosts that Application "
        + "Insights gets of \(title); what is not named, all. In development: \(sampling.development)."
    )
    self.level = Setting(
      "\(prefix)_TELEMETRY_LOG_LEVEL",
      default: level,
      "Lowest level of the log lines of \(title) that Application Insights gets; whatever LOG_LEVEL is."
    )
    agentConfiguration = Setting(
      "\(prefix)_APPLICATIONINSIGHTS_CONFIGURATION_FILE",
      sharedAliases: ["APPLICATIONINSIGHTS_CONFIGURATION_FILE"],
      "Read for its name alone: one that ends in .dev.json means development, for \(prefix)_TELEMETRY_SAMPLING."
    )
  }

  /// In the order of docs/settings.md.
  var all: [Setting] { [connection, sampling, level, agentConfiguration] }
}
