import ModuleKit
import ServerTestKit
import ServiceKit
import Testing

@testable import Gateway

@Suite("docs/contract/platform.md §8.3: Telemetry")
struct TelemetryTests {
  @Test("Both modules' events reach Application Insights under the roles of the services they replace")
  func roles() async throws {
    let collector = CollectorDouble()
    let text = "Merge not implemented. Patient A1234BC is at hospital HAZLWD.  Record merged from D5678EF"
    try await collector.run { url in
      let settings = [
        "APPLICATIONINSIGHTS_CONNECTION_STRING": "InstrumentationKey=key;IngestionEndpoint=\(url)/"
      ]
      try await withGateway(settings: settings) { (gateway) async throws in
        let observability = gateway.application.observability
        observability.telemetry(of: "non-associations").track(
          TelemetryEvent("Merge", ["MERGED-RECORDS": "1"])
        )
        observability.telemetry(of: "restricted-patients").trace(
          TelemetryTrace(.error, text, summary: "Merge not implemented")
        )
        let metrics = try ScrapedMetrics(try await gateway.get("/metrics").body)
        #expect(metrics.value("telemetry_items_waiting", ["collector": "application_insights"]) != nil)
      }
    }
    // Shutting the gateway down has sent what was waiting.
    let items = try collector.items
    func role(_ item: JSON) -> String? { item["tags"]?["ai.cloud.role"]?.text }
    let event = try #require(items.first { $0["data"]?["baseType"] == "EventData" })
    #expect(role(event) == "hmpps-non-associations-api")
    #expect(event["data"]?["baseData"]?["name"] == "Merge")
    // traces | where cloud_RoleName == 'hmpps-restricted-patients-api'
    let trace = try #require(items.first { $0["data"]?["baseData"]?["message"]?.text == text })
    #expect(role(trace) == "hmpps-restricted-patients-api")
    #expect(trace["data"]?["baseType"] == "MessageData")
  }

  @Test("Settings that cannot be right are named, and nothing of a secret is shown")
  func settings() {
    var reader = SettingsReader(
      environment: [
        "ACCESS_LOG": "some", "METRICS_PORT": "70000", "OTEL_EXPORTER_OTLP_ENDPOINT": "collector",
        "OTEL_TRACES_SAMPLER_ARG": "2", "NON_ASSOCIATIONS_APPLICATIONINSIGHTS_CONNECTION_STRING": "hidden",
      ],
      profile: .standard
    )
    _ = Configuration.readObservability(&reader)
    for manifest in Modules.all {
      _ = ModuleConfiguration.readInsights(manifest.settings.telemetry.connection, &reader)
    }
    let names = reader.problems.map { $0.prefix { $0 != ":" }.description }
    #expect(
      names.sorted() == [
        "ACCESS_LOG", "METRICS_PORT", "NON_ASSOCIATIONS_APPLICATIONINSIGHTS_CONNECTION_STRING",
        "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_TRACES_SAMPLER_ARG",
      ]
    )
    #expect(!reader.problems.contains { $0.contains("hidden") })
  }
}
