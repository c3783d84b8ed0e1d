import Logging
import ServerTestKit
import ServiceKit
import Synchronization
import TestKit
import Testing

@Suite("docs/contract/platform.md §8.2: The traces of messages")
struct MessageTracingTests {
  private static let trace = "0af7651916cd43dd8448eb211c80319c"
  private static let caller = "b7ad6b7169203331"

  private static func create(_ world: MessagingWorld, _ headers: [(String, String)]) async throws {
    let answer = try await world.gateway.send(
      "POST",
      "/non-associations",
      token: world.token(["WRITE_NON_ASSOCIATIONS"], user: "U"),
      headers: [("Content-Type", "application/json")] + headers,
      body: CreateTests.body
    )
    #expect(answer.status == 201)
  }

  @Test(
    "40: a request's trace goes into its messages, by a span for each, and on into their handlers",
    arguments: Provider.allCases
  )
  func wholeWay(provider: Provider) async throws {
    let collector = CollectorDouble()
    try await collector.run { (url) async throws in
      let settings = ["OTEL_EXPORTER_OTLP_ENDPOINT": url]
      try await MessagingWorld.run(provider, settings: settings) { (world) async throws in
        let parent = "00-\(Self.trace)-\(Self.caller)-01"
        try await Self.create(world, [("traceparent", parent), ("tracestate", "a=1")])
        let (_, envelope) = try await world.nextEvent()
        let sent = envelope["MessageAttributes"]?["traceparent"]?["Value"]?.text ?? ""
        #expect(envelope["MessageAttributes"]?["tracestate"]?["Value"] == "a=1")
        let audited = try await world.take(1, from: world.names.audit)[0].attributes["traceparent"] ?? ""

        func span(_ name: String, _ destination: String?) async throws -> CollectorDouble.Span {
          try await eventually("there is a span of sending to \(destination)") {
            collector.spans.contains {
              $0.name == name && $0.attribute("messaging.destination.name") == destination
            }
          }
          return try #require(
            collector.spans.first {
              $0.name == name && $0.attribute("messaging.destination.name") == destination
            }
          )
        }
        let topic = world.names.topicARN.split(separator: ":").last.map(String.init) ?? ""
        let published = try await span("PUBLISH non-associations.created", topic)
        let server = try #require(collector.span("POST /non-associations"))
        #expect(published.kind == 4)
        #expect(published.traceID == Self.trace)
        #expect(published.parentID == server.spanID)
        #expect(published.attribute("messaging.operation.type") == "send")
        #expect(published.attribute("messaging.system") == (provider == .emulator ? "aws.sns" : "postgresql"))
        #expect(sent == "00-\(Self.trace)-\(published.spanID ?? "")-01")
        let audit = try await span("PUBLISH", world.names.audit)
        #expect(audit.parentID == server.spanID)
        #expect(audit.attribute("messaging.system") == (provider == .emulator ? "aws_sqs" : "postgresql"))
        #expect(audited == "00-\(Self.trace)-\(audit.spanID ?? "")-01")

        // A message of somebody else's, whose handler fails: of the envelope's trace.
        try await world.database.run("alter table non_association rename to hidden")
        let type = "prison-offender-events.prisoner.merged"
        let body = try Sample.compact("consumed/prisoner.merged.json")
        try await world.client.send(body, [:], to: world.names.nonAssociations)
        let received = try await span("RECEIVE \(type)", world.names.nonAssociations)
        #expect(received.kind == 5)
        #expect(received.traceID == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(received.parentID == "00f067aa0ba902b7")
        #expect(received.attribute("messaging.operation.type") == "process")
        #expect(received.attribute("messaging.system") == (provider == .emulator ? "aws_sqs" : "postgresql"))
        #expect(received.json["status"]?["code"] == 2)
        #expect(received.attribute("error.type") != nil)
        let inner = try await span("hmpps-non-associations-prisoner-event-queue", nil)
        #expect(inner.parentID == received.spanID && inner.kind == 2)
        #expect(inner.json["status"]?["code"] == 2)
        try await eventually("there is a span of a call within it") {
          collector.spans.contains { $0.parentID == inner.spanID && $0.kind == 3 }
        }
        #expect(!collector.spans.contains { "\($0.json)".contains("B2222BB") })
      }
    }
  }

  @Test("40: without a collector the trace goes its way too, and the handler's log lines name it")
  func withoutCollector() async throws {
    let traces = Mutex<[String: String?]>([:])
    let logger = Logger(label: "test") { _ in
      TraceReader { message, trace in traces.withLock { $0[message] = trace } }
    }
    try await MessagingWorld.run(.inProcess, logger: logger) { (world) async throws in
      let parent = "00-\(Self.trace)-\(Self.caller)-00"
      try await Self.create(world, [("traceparent", parent)])
      let (_, envelope) = try await world.nextEvent()
      #expect(envelope["MessageAttributes"]?["traceparent"]?["Value"]?.text == parent)
      #expect(
        try await world.take(1, from: world.names.audit)[0].attributes == ["traceparent": parent]
      )
      let attributes = [
        #"{"Message":"{\"eventType\":\"OFFENDER_MOVEMENT-RECEPTION\"}","MessageAttributes":{}}"#:
          "00-\(Self.trace)-\(Self.caller)-01", "{}": "nonsense",
      ]
      for (body, trace) in attributes {
        traces.withLock { $0 = [:] }
        try await world.client.send(body, ["traceparent": trace], to: world.names.movements)
        try await eventually("it is logged that the message is not handled") {
          traces.withLock { $0["message not handled"] != nil }
        }
        let named: String? = traces.withLock { $0["message not handled"] ?? nil }
        let expected: String? = trace == "nonsense" ? nil : Self.trace
        #expect(named == expected)
        try await world.deadLetters(of: world.names.movements, 1)
        _ = try await world.take(1, from: world.names.deadLetters(of: world.names.movements))
      }
    }
  }
}

extension MessageTracingTests {
  @Test(
    "PROPAGATETRACING false: spans stay, what is sent names no trace, and what is received begins its own",
    arguments: Provider.allCases
  )
  func notPropagated(provider: Provider) async throws {
    let collector = CollectorDouble()
    try await collector.run { (url) async throws in
      let settings = [
        "OTEL_EXPORTER_OTLP_ENDPOINT": url, "HMPPS_SQS_TOPICS_DOMAINEVENTS_PROPAGATETRACING": "false",
        "HMPPS_SQS_QUEUES_AUDIT_PROPAGATETRACING": "false",
        "HMPPS_SQS_QUEUES_NONASSOCIATIONS_PROPAGATETRACING": "false",
      ]
      try await MessagingWorld.run(provider, settings: settings) { (world) async throws in
        let parent = "00-\(Self.trace)-\(Self.caller)-01"
        try await Self.create(world, [("traceparent", parent), ("tracestate", "a=1")])
        let (_, envelope) = try await world.nextEvent()
        #expect(envelope["MessageAttributes"]?["eventType"]?["Value"] == "non-associations.created")
        #expect(envelope["MessageAttributes"]?["traceparent"] == nil)
        #expect(envelope["MessageAttributes"]?["tracestate"] == nil)
        #expect(try await world.take(1, from: world.names.audit)[0].attributes == [:])
        // Who records still sees that both belong to the request.
        for name in ["PUBLISH non-associations.created", "PUBLISH"] {
          try await eventually("\(name) is in the sender's trace") {
            collector.span(name)?.traceID == Self.trace
          }
        }
        let body = try Sample.compact("consumed/prisoner.merged.json")
        try await world.client.send(body, ["traceparent": parent], to: world.names.nonAssociations)
        try await eventually("there is a span of receiving the merge") {
          collector.span("RECEIVE prison-offender-events.prisoner.merged") != nil
        }
        let received = try #require(collector.span("RECEIVE prison-offender-events.prisoner.merged"))
        #expect(received.parentID ?? "" == "")
        #expect(![Self.trace, "4bf92f3577b34da6a3ce929d0e0e4736"].contains(received.traceID))
        // Its queue alone: the sender's trace goes on through the others.
        try await world.client.send("{}", ["traceparent": parent], to: world.names.movements)
        try await eventually("receiving is in the sender's trace") {
          collector.spans.contains { $0.name == "RECEIVE" && $0.traceID == Self.trace }
        }
      }
    }
  }
}

/// Tells of each line which trace its writer worked for.
private struct TraceReader: LogHandler {
  var logLevel = Logger.Level.debug
  var metadata: Logger.Metadata = [:]
  let note: @Sendable (String, String?) -> Void

  init(_ note: @escaping @Sendable (String, String?) -> Void) { self.note = note }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) { note(event.message.description, SpanContext.current?.traceID) }
}
