internal import HTTPTransport
internal import Logging
internal import ModuleKit
internal import Observability

/// What one hosted module runs with.
struct ModuleConfiguration: Sendable {
  let manifest: ModuleManifest
  var database: Configuration.Database
  /// Names at which it answers alone.
  var hosts: [HTTPHost]
  /// HMPPS Auth.
  var auth: HTTPURL
  /// The other services, by id.
  var upstreams: [String: HTTPURL]
  var clientID: String
  var clientSecret: String
  var productID: String
  /// Whether its API's description is served.
  var isDocumented: Bool
  var messaging: MessagingConfiguration.Service
  /// How the central service lays out what the module tells about a person; nil for a module that has no template.
  var subjectAccessText: SubjectAccessText?
  /// nil: its telemetry goes to the log alone.
  var applicationInsights: ApplicationInsightsConnection?
  /// Which share of it is sent.
  var telemetrySampling: InsightsSampling
  /// The lowest level of its log lines that are sent.
  var telemetryLevel: Logger.Level
  /// Makes an instance with the module's own settings.
  let make: ModuleManifest.Maker

  var name: String { manifest.name }

  /// - Returns: nil if something is wrong, which the reader then holds.
  static func read(_ selected: SelectedModule, _ reader: inout SettingsReader) -> ModuleConfiguration? {
    let problems = reader.problems.count
    let configuration = read(selected.manifest, &reader)
    if reader.problems.count > problems, case .variable(let name) = selected.reason {
      reader.note(
        "\(selected.manifest.name) is hosted because \(name) is set, which only it has: set the rest of what it needs, "
          + "or say in \(SettingsCatalog.modulesHosted.name) which modules are hosted"
      )
    }
    return configuration
  }

  private static func read(_ manifest: ModuleManifest, _ reader: inout SettingsReader) -> ModuleConfiguration?
  {
    let settings = manifest.settings
    let database = Configuration.readDatabase(of: manifest, &reader)
    let auth = reader.url(manifest.auth)
    var upstreams: [String: HTTPURL] = [:]
    for upstream in manifest.upstreams { upstreams[upstream.id] = reader.url(upstream.base) }
    let clientID = reader.requiredText(settings.clientID)
    let clientSecret = reader.requiredText(settings.clientSecret)
    let make = manifest.configure(&reader)
    let hosts = reader.hosts(settings.hosts)
    let productID = reader.requiredText(settings.productID)
    let isDocumented = settings.isDocumented.map { reader.boolean($0) } ?? true
    let messaging = MessagingConfiguration.Service.read(manifest, &reader)
    let subjectAccessText = SubjectAccessText.read(manifest, &reader)
    let insights = readInsights(settings.telemetry.connection, &reader)
    guard let auth else { return nil }
    return ModuleConfiguration(
      manifest: manifest,
      database: database,
      hosts: hosts,
      auth: auth,
      upstreams: upstreams,
      clientID: clientID,
      clientSecret: clientSecret,
      productID: productID,
      isDocumented: isDocumented,
      messaging: messaging,
      subjectAccessText: subjectAccessText,
      applicationInsights: insights,
      telemetrySampling: readSampling(settings.telemetry, &reader),
      telemetryLevel: reader.choice(settings.telemetry.level, Configuration.logLevels, fallback: .info),
      make: make
    )
  }

  static func readInsights(
    _ setting: Setting,
    _ reader: inout SettingsReader
  ) -> ApplicationInsightsConnection? {
    guard let text = reader.text(setting) else { return nil }
    do {
      return try ApplicationInsightsConnection(text)
    } catch {
      reader.note("\(setting.name): \(error)")
      return nil
    }
  }

  /// Where nobody sets it, the name of the agent's configuration tells the environment, as it did for the service replaced
  /// (docs/contract/adoption.md §3).
  static func readSampling(
    _ settings: TelemetrySettings,
    _ reader: inout SettingsReader
  ) -> InsightsSampling {
    var sampling = InsightsSampling()
    let value = reader.value(settings.sampling)
    let isDevelopment = reader.text(settings.agentConfiguration)?.hasSuffix(".dev.json") == true
    let isDefault = value?.origin.name == nil
    do {
      try sampling.read(isDefault && isDevelopment ? settings.developmentSampling : value?.text ?? "")
    } catch {
      reader.note("\(settings.sampling.name): \(error)")
    }
    return sampling
  }
}
