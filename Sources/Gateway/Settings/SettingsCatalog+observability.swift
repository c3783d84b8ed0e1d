internal import ModuleKit

/// The settings of logs, metrics, traces and custom events.
extension SettingsCatalog {
  static let logLevel = Setting(
    "LOG_LEVEL",
    default: "info",
    "Lowest level that is logged: trace, debug, info, notice, warning or error."
  )
  static let logFormat = Setting(
    "LOG_FORMAT",
    default: "json",
    allInOne: "text",
    "Form of log lines: json or text."
  )
  static let accessLog = Setting(
    "ACCESS_LOG",
    default: "errors",
    "A log line for each answer: off, errors (500 and above) or all."
  )
  static let metricsPort = Setting(
    "METRICS_PORT",
    "Port of a listener that serves nothing but /metrics; not set, the server's own port has it too."
  )
  static let otlpEndpoint = Setting(
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OpenTelemetry collector (OTLP over HTTP) that spans are sent to; not set, none are."
  )
  static let otlpHeaders = Setting(
    "OTEL_EXPORTER_OTLP_HEADERS",
    isSecret: true,
    "Header fields for the OpenTelemetry collector, name=value, comma-separated, percent-encoded."
  )
  static let otlpCertificate = Setting(
    "OTEL_EXPORTER_OTLP_CERTIFICATE",
    "PEM authorities to trust for the OpenTelemetry collector; the system's if not set."
  )
  static let otlpTracesEndpoint = Setting(
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OpenTelemetry collector for spans alone, with its path; comes before OTEL_EXPORTER_OTLP_ENDPOINT."
  )
  static let otlpTracesHeaders = Setting(
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    isSecret: true,
    "Header fields for the collector of spans; in place of OTEL_EXPORTER_OTLP_HEADERS."
  )
  static let otlpTracesCertificate = Setting(
    "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
    "PEM authorities to trust for the collector of spans; in place of OTEL_EXPORTER_OTLP_CERTIFICATE."
  )
  static let serviceName = Setting(
    "OTEL_SERVICE_NAME",
    default: "hmpps-gateway",
    "What the process calls itself in traces."
  )
  static let traceSampling = Setting(
    "OTEL_TRACES_SAMPLER_ARG",
    default: "1",
    "Share of the traces begun here that are recorded, 0 to 1; for the others their caller has decided."
  )
  /// In the order of docs/settings.md.
  static let observability: [Setting] = [
    logLevel, logFormat, accessLog, metricsPort, otlpEndpoint, otlpHeaders, otlpCertificate,
    otlpTracesEndpoint, otlpTracesHeaders, otlpTracesCertificate, serviceName,
    traceSampling,
  ]
}
