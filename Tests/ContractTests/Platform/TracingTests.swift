import HTTPTransport
import HTTPTypes
import ModuleKit
import Observability
import ServerTestKit
import ServiceKit
import Synchronization
import Testing

@testable import Gateway

@Suite("docs/contract/platform.md §8.1: Tracing")
struct TracingTests {
  private static let trace = "0af7651916cd43dd8448eb211c80319c"
  private static let caller = "b7ad6b7169203331"

  @Test("A request's trace goes from its caller through query and upstream call to the collector")
  func wholeWay() async throws {
    let collector = CollectorDouble()
    try await collector.run { (url) async throws in
      try await withGateway(settings: ["OTEL_EXPORTER_OTLP_ENDPOINT": url]) { (gateway) async throws in
        try await gateway.database.insertOpen("A1234BC", "D5678EF")
        let answer = try await gateway.send(
          "GET",
          "/prisoner/A1234BC/non-associations",
          token: try gateway.token(roles: ["READ_NON_ASSOCIATIONS"], user: "STAFF1"),
          headers: [("traceparent", "00-\(Self.trace)-\(Self.caller)-01"), ("tracestate", "a=1")]
        )
        #expect(answer.status == 200)
        try await collector.waitFor(3)
        let server = try #require(collector.span("GET /prisoner/{prisonerNumber}/non-associations"))
        #expect(server.kind == 2)
        #expect(server.traceID == Self.trace)
        #expect(server.parentID == Self.caller)
        #expect(server.attribute("http.route") == "/prisoner/{prisonerNumber}/non-associations")
        #expect(server.attribute("http.response.status_code") == "200")
        #expect(server.attribute("username") == "STAFF1")
        #expect(server.attribute("enduser.id") == "STAFF1")
        #expect(server.attribute("clientId") == "test-client")
        let query = try #require(collector.span("non_association_by_prisoner"))
        #expect(query.kind == 3)
        #expect(query.parentID == server.spanID)
        #expect(query.attribute("db.system.name") == "postgresql")
        #expect(collector.spans.allSatisfy { $0.traceID == Self.trace })
        let calls = collector.spans.filter { $0.name == "POST" && $0.kind == 3 }
        let sent = try #require(
          gateway.search.lastRequest?.traceparent?.split(separator: "-").map(String.init)
        )
        #expect(sent.count == 4 && sent[1] == Self.trace && sent[3] == "01")
        let call = try #require(calls.first { $0.spanID == sent[2] })
        #expect(call.parentID == server.spanID)
        #expect(call.attribute("http.response.status_code") == "200")
        #expect(!collector.spans.contains { "\($0.json)".contains("A1234BC") })
      }
    }
  }

  @Test("What the caller does not want recorded is not, and a trace of our own begins where there is none")
  func sampling() async throws {
    let collector = CollectorDouble()
    try await collector.run { (url) async throws in
      try await withGateway(settings: ["OTEL_EXPORTER_OTLP_ENDPOINT": url]) { (gateway) async throws in
        _ = try await gateway.send(
          "GET",
          "/non-associations/1",
          token: gateway.reader(),
          headers: [("traceparent", "00-\(Self.trace)-\(Self.caller)-00")]
        )
        _ = try await gateway.get("/constants", token: gateway.reader())
        try await collector.waitFor(1)
        let span = try #require(collector.span("GET /constants"))
        #expect(span.parentID == nil)
        #expect(span.traceID?.count == 32)
        #expect(!collector.spans.contains { $0.traceID == Self.trace })
      }
    }
  }

  @Test(
    "A collector gets its configured header fields decoded; those of spans alone, and their endpoint, come first"
  )
  func headers() async throws {
    let (common, own) = (CollectorDouble(), CollectorDouble())
    try await common.run { (commonURL) async throws in
      try await own.run { (ownURL) async throws in
        var settings = [
          "OTEL_EXPORTER_OTLP_ENDPOINT": commonURL,
          "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Basic%20dXNlcjpwYXNz%3D%3D, x-tenant = a b ",
        ]
        try await withGateway(settings: settings) { (gateway) async throws in
          _ = try await gateway.get("/constants", token: gateway.reader())
          try await common.waitFor(1)
          let request = try #require(common.received.first)
          #expect(request.path == "/v1/traces")
          #expect(request.fields[.authorization] == "Basic dXNlcjpwYXNz==")
          #expect(request.fields[try #require(HTTPField.Name("x-tenant"))] == "a b")
          let report = ConfigurationReport(
            reader: SettingsReader(environment: gateway.environment, profile: .standard)
          ).description
          #expect(!report.contains("dXNlcjpwYXNz"))
        }
        settings["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = ownURL + "/spans"
        settings["OTEL_EXPORTER_OTLP_TRACES_HEADERS"] = "api-key=se%63ret"
        try await withGateway(settings: settings) { (gateway) async throws in
          _ = try await gateway.get("/constants", token: gateway.reader())
          try await own.waitFor(1)
          let request = try #require(own.received.first)
          #expect(request.path == "/spans")
          #expect(request.fields[.authorization] == nil)
          #expect(request.fields[try #require(HTTPField.Name("api-key"))] == "secret")
          let report = ConfigurationReport(
            reader: SettingsReader(environment: gateway.environment, profile: .standard)
          ).description
          #expect(!report.contains("se%63ret") && !report.contains("secret\n"))
        }
      }
    }
  }

  @Test("Without a collector a caller's trace is still passed on, and named in the access log")
  func passedOn() async throws {
    let entries = Mutex<[AccessLogEntry]>([])
    let log: RequestObserver.AccessLog = { entry in entries.withLock { $0.append(entry) } }
    try await withGateway(accessLog: log) { (gateway) async throws in
      try await gateway.database.insertOpen("A1234BC", "D5678EF")
      let parent = "00-\(Self.trace)-\(Self.caller)-01"
      let path = "/prisoner/A1234BC/non-associations"
      let traced = try await gateway.send(
        "GET",
        path,
        token: gateway.reader(),
        headers: [("traceparent", parent)]
      )
      #expect(traced.status == 200)
      #expect(gateway.search.lastRequest?.traceparent == parent)
      _ = try await gateway.get(path, token: gateway.reader())
      #expect(gateway.search.lastRequest?.traceparent == nil)
      let spans = entries.withLock { $0.map(\.span?.traceparent) }
      #expect(spans == [parent, nil])
    }
  }

  @Test("A collector that is down costs no request, and what is lost is counted")
  func collectorDown() async throws {
    try await withGateway(settings: ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"]) {
      (gateway) async throws in
      for _ in 0..<5 { #expect(try await gateway.get("/constants", token: gateway.reader()).status == 200) }
      let metrics = try ScrapedMetrics(try await gateway.get("/metrics").body)
      #expect(metrics.value("telemetry_items_total", ["collector": "traces", "outcome": "sent"]) == 0)
    }
  }
}
