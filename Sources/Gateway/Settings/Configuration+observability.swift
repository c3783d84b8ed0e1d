internal import HTTPTransport
internal import ModuleKit
internal import Observability

extension Configuration {
  /// Which answers get a line in the access log.
  enum AccessLogChoice: Sendable {
    case off
    /// Those of status 500 and above.
    case errors
    case all
  }

  /// How the process lets itself be watched.
  struct Observability: Sendable {
    var accessLog: AccessLogChoice
    /// nil: `/metrics` is served on the server's own port.
    var metricsPort: UInt16?
    /// The proxy that traces and telemetry are sent by.
    var proxy: HTTPProxy? = nil
    /// What the process calls itself.
    var serviceName: String
    /// nil: no spans are sent to a collector.
    var traces: OTLPTraceExporter.Configuration?
    /// Whom to trust for the collector of `traces`; nil: whom the system trusts.
    var tracesCertificateFile: String?
  }

  static func readAccessLog(_ reader: inout SettingsReader) -> AccessLogChoice {
    reader.choice(
      SettingsCatalog.accessLog,
      [("off", .off), ("errors", .errors), ("all", .all)],
      fallback: .errors
    )
  }

  static func readObservability(_ reader: inout SettingsReader) -> Observability {
    Observability(
      accessLog: readAccessLog(&reader),
      metricsPort: reader.optionalInteger(SettingsCatalog.metricsPort, in: 0...65_535).map {
        UInt16(clamping: $0)
      },
      serviceName: reader.requiredText(SettingsCatalog.serviceName),
      traces: readTraces(&reader),
      tracesCertificateFile: reader.text(SettingsCatalog.otlpTracesCertificate)
        ?? reader.text(SettingsCatalog.otlpCertificate)
    )
  }

  private static func readTraces(_ reader: inout SettingsReader) -> OTLPTraceExporter.Configuration? {
    let ratio = reader.text(SettingsCatalog.traceSampling).flatMap { Double($0) }
    if ratio.map({ (0...1).contains($0) }) != true {
      reader.note("\(SettingsCatalog.traceSampling.name): it must be a number from 0 to 1")
    }
    // The setting of the one signal is taken as it is, the common one gets the signal's path.
    let isOwn = reader.text(SettingsCatalog.otlpTracesEndpoint) != nil
    let setting = isOwn ? SettingsCatalog.otlpTracesEndpoint : SettingsCatalog.otlpEndpoint
    guard let endpoint = reader.text(setting) else { return nil }
    let url: HTTPURL
    do {
      url = isOwn ? try HTTPURL(endpoint) : try HTTPURL(endpoint).path("/v1/traces")
    } catch {
      reader.note("\(setting.name): '\(endpoint)' is not a usable URL: \(error)")
      return nil
    }
    var traces = OTLPTraceExporter.Configuration(
      url: url,
      serviceName: reader.requiredText(SettingsCatalog.serviceName),
      serviceVersion: reader.text(SettingsCatalog.buildNumber)
        ?? BuildInformation.date(of: reader.text(SettingsCatalog.buildTime))
    )
    traces.sampleRatio = ratio ?? 1
    traces.headers = readHeaders(&reader)
    return traces
  }

  private static func readHeaders(_ reader: inout SettingsReader) -> [(name: String, value: String)] {
    for setting in [SettingsCatalog.otlpTracesHeaders, SettingsCatalog.otlpHeaders] {
      guard let text = reader.text(setting) else { continue }
      do {
        return try OTLPHeaders.parse(text)
      } catch {
        reader.note("\(setting.name): \(error)")
        return []
      }
    }
    return []
  }
}
