import EventLoops
import HTTPTransport
import HTTPTypes
import Instrumentation
import ServerTestKit
import ServiceKit
import Synchronization
import TestKit
import Testing
import Tracing

@testable import Observability

@Suite("Tracing")
struct TracingTests {
  private static let parent = SpanContext(
    traceID: "0af7651916cd43dd8448eb211c80319c",
    spanID: "b7ad6b7169203331",
    isSampled: true,
    state: "a=1"
  )

  private func exporter(
    _ url: HTTPURL,
    _ client: HTTPClient,
    _ change: (inout ExportSettings) -> Void = { _ in }
  ) -> OTLPTraceExporter {
    var settings = ExportSettings()
    settings.interval = .milliseconds(5)
    settings.pause = .milliseconds(5)
    change(&settings)
    var configuration = OTLPTraceExporter.Configuration(
      url: url.path("/v1/traces"),
      serviceName: "the-service",
      serviceVersion: "1.2"
    )
    configuration.headers = [("api-key", "k")]
    return OTLPTraceExporter(
      configuration,
      client: client,
      loop: CollectorDouble.group.any(),
      settings: settings,
      logger: CollectorDouble.logger
    )
  }

  @Test("Spans reach the collector as OTLP/HTTP JSON has them")
  func encoded() async throws {
    let collector = CollectorDouble()
    try await collector.run { url, client in
      let exporter = exporter(url, client)
      let spans = Spans(GatewayTracer(exporter, nil))
      struct Trouble: Error {}
      _ = try? await spans.around("GET /things/{id}", .server, parent: Self.parent) { span in
        span?.attributes["http.response.status_code"] = SpanAttribute.int64(500)
        span?.attributes["url.scheme"] = SpanAttribute.string("http")
        try await spans.around("thing_by_id", .client) { _ throws(Trouble) in throw Trouble() }
      }
      try await eventually("both spans are sent") { exporter.statistics.sent == 2 }
      await exporter.shutdown(within: .seconds(5))
    }
    let request = try #require(collector.received.first)
    #expect(request.path == "/v1/traces")
    #expect(request.fields[.contentType] == "application/json")
    #expect(HTTPField.Name("api-key").flatMap { request.fields[$0] } == "k")
    let resource = look(try request.json, "resourceSpans", 0, "resource", "attributes", 0)
    #expect(look(resource, "key") as? String == "service.name")
    #expect(look(resource, "value", "stringValue") as? String == "the-service")
    let spans = try #require(look(try request.json, "resourceSpans", 0, "scopeSpans", 0, "spans") as? [Any])
    try #require(spans.count == 2)
    let inner = spans[0]
    let outer = spans[1]
    #expect(look(outer, "name") as? String == "GET /things/{id}")
    #expect(look(outer, "traceId") as? String == Self.parent.traceID)
    #expect(look(outer, "parentSpanId") as? String == Self.parent.spanID)
    #expect(look(outer, "traceState") as? String == "a=1")
    #expect(look(outer, "kind") as? Int == 2)
    #expect(look(outer, "status", "code") as? Int == 2)
    let attributes = try #require(look(outer, "attributes") as? [Any])
    let status = attributes.first { look($0, "key") as? String == "http.response.status_code" }
    #expect(look(status, "value", "intValue") as? String == "500")
    #expect(look(inner, "parentSpanId") as? String == look(outer, "spanId") as? String)
    #expect(look(inner, "traceId") as? String == Self.parent.traceID)
    #expect(look(inner, "kind") as? Int == 3)
    let times = [
      look(outer, "startTimeUnixNano"), look(inner, "startTimeUnixNano"), look(inner, "endTimeUnixNano"),
    ]
    let numbers = times.compactMap { ($0 as? String).flatMap { UInt64($0) } }
    #expect(numbers.count == 3 && numbers == numbers.sorted() && numbers[0] > 1_600_000_000_000_000_000)
  }

  @Test("A parent's decision holds; without a parent the ratio decides")
  func sampling() {
    let ended = Mutex(0)
    for (ratio, isParentSampled, isRecorded) in [
      (0.0, true, true), (1.0, false, false), (1.0, nil, true), (0.0, nil, false),
    ] as [(Double, Bool?, Bool)] {
      ended.withLock { $0 = 0 }
      let tracer = GatewayTracer(sampleRatio: ratio) { _ in ended.withLock { $0 += 1 } }
      var context = InstrumentationContext.topLevel
      if let isParentSampled {
        context.span = SpanContext(
          traceID: Self.parent.traceID,
          spanID: Self.parent.spanID,
          isSampled: isParentSampled
        )
      }
      let span = tracer.startSpan("work", context: context)
      #expect(span.isRecording == isRecorded)
      #expect(span.context.span?.isSampled == isRecorded)
      #expect(span.context.span?.spanID != Self.parent.spanID)
      span.end()
      span.end()
      #expect(ended.withLock(\.self) == (isRecorded ? 1 : 0))
    }
  }

  @Test(
    "About half of the traces that begin here are recorded when half are asked for, and ids do not repeat"
  )
  func ratio() {
    let tracer = GatewayTracer(sampleRatio: 0.5) { _ in }
    let contexts = (0..<2000).compactMap { _ in tracer.startSpan("work", context: .topLevel).context.span }
    #expect(Set(contexts.map(\.traceID)).count == 2000)
    #expect(Set(contexts.map(\.spanID)).count == 2000)
    #expect(contexts.allSatisfy { SpanContext(traceparent: $0.traceparent) == $0 })
    #expect((800...1200).contains(contexts.count { $0.isSampled }))
  }

  @Test("A collector that is busy is asked again; one that refuses is not")
  func retries() async throws {
    let collector = CollectorDouble()
    collector.answerNext(
      ServerResponse(status: .serviceUnavailable),
      ServerResponse(status: .tooManyRequests, fields: [.retryAfter: "0"]),
      ServerResponse(status: .ok),
      ServerResponse(status: .badRequest)
    )
    try await collector.run { url, client in
      let exporter = exporter(url, client)
      GatewayTracer(exporter, nil).startSpan("first", context: .topLevel).end()
      try await eventually("it is taken at the third attempt") { exporter.statistics.sent == 1 }
      #expect(collector.received.count == 3)
      GatewayTracer(exporter, nil).startSpan("second", context: .topLevel).end()
      try await eventually("it is given up") { exporter.statistics.dropped == 1 }
      #expect(collector.received.count == 4)
      await exporter.shutdown(within: .seconds(5))
    }
  }

  @Test("A collector that hangs costs what does not fit, and neither the caller's time nor the shutdown's")
  func hanging() async throws {
    let collector = CollectorDouble()
    collector.hang()
    try await collector.run { url, client in
      let exporter = exporter(url, client) {
        $0.capacity = 10
        $0.batch = 10
        $0.timeout = .seconds(600)
      }
      GatewayTracer(exporter, nil).startSpan("first", context: .topLevel).end()
      try await eventually("the first is on its way") { collector.received.count == 1 }
      for _ in 0..<25 { GatewayTracer(exporter, nil).startSpan("work", context: .topLevel).end() }
      #expect(exporter.statistics.waiting == 10)
      #expect(exporter.statistics.dropped == 15)
      await exporter.shutdown(within: .milliseconds(20))
      #expect(
        exporter.statistics
          == {
            var all = ExportStatistics()
            all.dropped = 26
            return all
          }()
      )
    }
  }

  @Test("Shutting down does not wait out a pause that the collector asked for, and sends all that waits")
  func pause() async throws {
    let collector = CollectorDouble()
    collector.answerNext(ServerResponse(status: .tooManyRequests, fields: [.retryAfter: "300"]))
    try await collector.run { url, client in
      let exporter = exporter(url, client) { $0.batch = 2 }
      GatewayTracer(exporter, nil).startSpan("first", context: .topLevel).end()
      try await eventually("it is put off") { collector.received.count == 1 }
      for _ in 0..<5 { GatewayTracer(exporter, nil).startSpan("more", context: .topLevel).end() }
      #expect(exporter.statistics.waiting == 5)
      await exporter.shutdown(within: .seconds(10))
      #expect(exporter.statistics.sent == 6)
      #expect(exporter.statistics.dropped == 0)
    }
  }

  @Test("Shutting down sends what waits")
  func flush() async throws {
    let collector = CollectorDouble()
    try await collector.run { url, client in
      let exporter = exporter(url, client) { $0.interval = .seconds(600) }
      for _ in 0..<3 { GatewayTracer(exporter, nil).startSpan("work", context: .topLevel).end() }
      await exporter.shutdown(within: .seconds(10))
      #expect(exporter.statistics.sent == 3)
      #expect(collector.received.count == 1)
    }
  }
}
