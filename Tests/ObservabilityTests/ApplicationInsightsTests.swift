import EventLoops
import HTTPTransport
import HTTPTypes
import Instrumentation
import ServerTestKit
import ServiceKit
import TestKit
import Testing
import Text
import Time

@testable import Observability

@Suite("docs/contract/platform.md §8.3: Application Insights")
struct ApplicationInsightsTests {
  private struct FixedClock: WallClock {
    func now() -> Timestamp { Timestamp(microseconds: 1_701_779_696_123_456) }
  }

  private func insights(_ url: HTTPURL, _ client: HTTPClient) throws -> ApplicationInsights {
    var settings = ExportSettings()
    settings.interval = .milliseconds(5)
    settings.pause = .milliseconds(5)
    return ApplicationInsights(
      try ApplicationInsightsConnection(
        "InstrumentationKey=the-key;IngestionEndpoint=\(url)/;LiveEndpoint=x"
      ),
      client: client,
      loop: CollectorDouble.group.any(),
      instance: "pod-1",
      version: "7",
      clock: FixedClock(),
      settings: settings,
      logger: CollectorDouble.logger
    )
  }

  @Test("Events and lines arrive as the ingestion wants them, with the role of their module")
  func envelopes() async throws {
    let double = CollectorDouble()
    let span = try #require(
      SpanContext(traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    )
    try await double.run { url, client in
      let insights = try insights(url, client)
      InstrumentationContext.withValue(InstrumentationContext(span: span)) {
        insights.telemetry(role: "hmpps-non-associations-api").track(
          TelemetryEvent("Created Non-Association", ["id": "42", "1stPrisoner": "A1234BC"])
        )
      }
      let text =
        "Merge not implemented. Patient A1234BC was at hospital HAZLWD but record merged into D5678EF"
      insights.telemetry(role: "hmpps-restricted-patients-api").trace(
        TelemetryTrace(.error, text, summary: "Merge not implemented")
      )
      await insights.shutdown(within: .seconds(10))
      #expect(insights.statistics.sent == 2)
    }
    let request = try #require(double.received.first)
    #expect(double.received.count == 1)
    #expect(request.path == "/v2.1/track")
    #expect(request.fields[.contentType] == "application/json")
    let items = try request.json
    let event = look(items, 0)
    #expect(look(event, "name") as? String == "Microsoft.ApplicationInsights.Event")
    #expect(look(event, "time") as? String == "2023-12-05T12:34:56.123456Z")
    #expect(look(event, "iKey") as? String == "the-key")
    #expect(look(event, "tags", "ai.cloud.role") as? String == "hmpps-non-associations-api")
    #expect(look(event, "tags", "ai.cloud.roleInstance") as? String == "pod-1")
    #expect(look(event, "tags", "ai.operation.id") as? String == span.traceID)
    #expect(look(event, "tags", "ai.operation.parentId") as? String == span.spanID)
    #expect(look(event, "data", "baseType") as? String == "EventData")
    #expect(look(event, "data", "baseData", "ver") as? Int == 2)
    #expect(look(event, "data", "baseData", "name") as? String == "Created Non-Association")
    #expect(
      look(event, "data", "baseData", "properties") as? [String: String]
        == ["id": "42", "1stPrisoner": "A1234BC", "service.version": "7"]
    )
    let line = look(items, 1)
    #expect(look(line, "name") as? String == "Microsoft.ApplicationInsights.Message")
    #expect(look(line, "tags", "ai.cloud.role") as? String == "hmpps-restricted-patients-api")
    #expect(look(line, "tags", "ai.operation.id") == nil)
    #expect(look(line, "data", "baseType") as? String == "MessageData")
    #expect(look(line, "data", "baseData", "severityLevel") as? Int == 3)
    #expect(
      (look(line, "data", "baseData", "message") as? String)?.hasPrefix("Merge not implemented. Patient")
        == true
    )
  }

  @Test("Of a batch taken in part, what may succeed is sent again and the rest is not")
  func partial() async throws {
    let double = CollectorDouble()
    let answer = """
      {"itemsReceived":3,"itemsAccepted":1,"errors":[{"index":0,"statusCode":400,"message":"bad"},\
      {"index":2,"statusCode":503,"message":"busy"},{"index":9,"statusCode":503,"message":"no such item"}]}
      """
    double.answerNext(ServerResponse(status: .init(code: 206), body: Array(answer.utf8)))
    try await double.run { url, client in
      let insights = try insights(url, client)
      let telemetry = insights.telemetry(role: "role")
      for name in ["a", "b", "c"] { telemetry.track(TelemetryEvent(name, [:])) }
      try await eventually("all three are settled") {
        insights.statistics.sent == 2 && insights.statistics.dropped == 1
      }
      await insights.shutdown(within: .seconds(5))
    }
    try #require(double.received.count == 2)
    let again = try double.received[1].json
    #expect((again as? [Any])?.count == 1)
    #expect(look(again, 0, "data", "baseData", "name") as? String == "c")
  }

  @Test("Names and values that are too long are cut to what the ingestion takes")
  func limits() async throws {
    let double = CollectorDouble()
    try await double.run { url, client in
      let insights = try insights(url, client)
      let telemetry = insights.telemetry(role: "role")
      telemetry.track(
        TelemetryEvent(String(repeating: "n", count: 600), ["k": String(repeating: "v", count: 9000)])
      )
      telemetry.trace(TelemetryTrace(.warning, String(repeating: "m", count: 40_000), summary: "m"))
      await insights.shutdown(within: .seconds(10))
    }
    let items = try #require(double.received.first).json
    #expect((look(items, 0, "data", "baseData", "name") as? String)?.count == 512)
    #expect((look(items, 0, "data", "baseData", "properties", "k") as? String)?.count == 8192)
    #expect((look(items, 1, "data", "baseData", "message") as? String)?.count == 32_768)
  }

  @Test("While the ingestion hangs, adding waits for nothing, and what finds no room is counted")
  func hangs() async throws {
    let double = CollectorDouble()
    double.hang()
    try await double.run { url, client in
      var settings = ExportSettings()
      settings.capacity = 10
      settings.interval = .milliseconds(1)
      settings.timeout = .milliseconds(50)
      settings.pause = .milliseconds(1)
      settings.attempts = 2
      let insights = ApplicationInsights(
        try ApplicationInsightsConnection("InstrumentationKey=k;IngestionEndpoint=\(url)/"),
        client: client,
        loop: CollectorDouble.group.any(),
        instance: "pod-1",
        version: "7",
        clock: FixedClock(),
        settings: settings,
        logger: CollectorDouble.logger
      )
      let telemetry = insights.telemetry(role: "role")
      for _ in 0..<100 { telemetry.track(TelemetryEvent("e", [:])) }
      try await eventually("all are given up") { insights.statistics.dropped == 100 }
      #expect(insights.statistics.sent == 0)
      await insights.shutdown(within: .seconds(5))
    }
  }

  @Test("Connection strings, as the portal gives them and as people shorten them")
  func connectionStrings() throws {
    let full = try ApplicationInsightsConnection(
      "InstrumentationKey=k; IngestionEndpoint=https://uksouth-0.in.example/ ;LiveEndpoint=https://live/;ApplicationId=z"
    )
    #expect(full.instrumentationKey == "k")
    #expect(full.trackURL.description == "https://uksouth-0.in.example/v2.1/track")
    let suffix = try ApplicationInsightsConnection("instrumentationkey=k;EndpointSuffix=ai.example")
    #expect(suffix.trackURL.description == "https://dc.ai.example/v2.1/track")
    let short = try ApplicationInsightsConnection("InstrumentationKey=k")
    #expect(short.trackURL.host == "dc.services.visualstudio.com")
    for text in [
      "", "k", "InstrumentationKey=", "IngestionEndpoint=https://a",
      "InstrumentationKey=k;IngestionEndpoint=nonsense",
    ] {
      #expect(throws: ApplicationInsightsConnection.Malformed.self) {
        try ApplicationInsightsConnection(text)
      }
    }
  }
}
