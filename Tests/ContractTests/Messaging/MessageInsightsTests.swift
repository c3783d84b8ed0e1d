import Logging
import ServerTestKit
import ServiceKit
import Synchronization
import TestKit
import Testing

@Suite("docs/contract/adoption.md §8: Traces of messages, and what Application Insights gets of them")
struct MessageInsightsTests {
  @Test(
    "AD-23: a stuck merge is an error line of its message with the whole text, which standard output never has"
  )
  func stuckMerge() async throws {
    let collector = CollectorDouble()
    let lines = Mutex<[String]>([])
    let logger = Logger(label: "test") { _ in LineReader { line in lines.withLock { $0.append(line) } } }
    let type = "prison-offender-events.prisoner.merged"
    try await collector.run { (url) async throws in
      let connection = "InstrumentationKey=key;IngestionEndpoint=\(url)/"
      try await MessagingWorld.run(
        .inProcess,
        settings: ["APPLICATIONINSIGHTS_CONNECTION_STRING": connection],
        logger: logger
      ) { (world) async throws in
        try await world.database.insertPatient("A1111AA")
        let body = try Sample.compact("consumed/prisoner.merged.json")
        let queue = world.names.patients
        try await world.client.send(body, [:], to: queue)
        try await eventually("it is a dead letter") {
          // A poll that waits looks again when it is told to.
          try await world.database.run("select pg_notify('gateway_queue', '\(queue)')")
          return try await world.client.counts(of: world.names.deadLetters(of: queue)) == (1, 0)
        }
      }
    }
    let items = try collector.insights.filter { $0.tag("ai.cloud.role") == "hmpps-restricted-patients-api" }
    let text = "Merge not implemented. Patient A1111AA was at hospital HAZLWD but record merged into B2222BB"
    let line = try #require(items.first { $0.name == text })
    #expect(line.type == "MessageData")
    #expect(line.data["severityLevel"] == 3)
    #expect(line.tag("ai.operation.name") == "RECEIVE \(type)")
    #expect(line.traceID == "4bf92f3577b34da6a3ce929d0e0e4736")
    let handled = try #require(items.first { $0.type == "RequestData" && $0.name == "RECEIVE \(type)" })
    #expect(handled.tag("ai.operation.parentId") == "00f067aa0ba902b7")
    #expect(handled.data["success"] == false)
    #expect(handled.data["responseCode"] == "0")
    #expect(handled.data["source"]?.text?.hasPrefix("rp-domain-") == true)
    let timeouts = items.filter { $0.name.hasPrefix("Setting error visibility timeout") }
    #expect(timeouts.contains { $0.name.hasSuffix("because this is the last retry") })
    #expect(timeouts.allSatisfy { $0.type == "MessageData" && $0.data["severityLevel"] == 1 })
    #expect(items.contains { $0.type == "EventData" && $0.name == "\(type)-sent-to-dlq" })
    let written = lines.withLock(\.self)
    #expect(written.contains { $0.contains("Merge not implemented") })
    #expect(!written.contains { $0.contains("A1111AA") || $0.contains("B2222BB") })
  }

  @Test("A merge has a second row inside the first, and its lines at info with both numbers")
  func secondRow() async throws {
    let collector = CollectorDouble()
    let lines = Mutex<[String]>([])
    let logger = Logger(label: "test") { _ in LineReader { line in lines.withLock { $0.append(line) } } }
    var id = 0
    try await collector.run { (url) async throws in
      let connection = "InstrumentationKey=key;IngestionEndpoint=\(url)/"
      let settings = ["APPLICATIONINSIGHTS_CONNECTION_STRING": connection]
      try await MessagingWorld.run(.inProcess, settings: settings, logger: logger) { (world) async throws in
        id = try await world.database.insertOpen("A1111AA", "C3333CC")
        // From before the discharge: both are told of in one run.
        try await world.database.insertPatient("D4444DD", discharged: "2026-01-15T10:20")
        let merged = try Sample.compact("consumed/prisoner.merged.json")
        try await world.client.send(merged, [:], to: world.names.nonAssociations)
        try await world.isDrained(world.names.nonAssociations)
        let received = try Sample.compact("consumed/OFFENDER_MOVEMENT-RECEPTION.json")
        try await world.client.send(received, [:], to: world.names.movements)
        try await world.isDrained(world.names.movements)
      }
    }
    let items = try collector.insights
    func line(_ text: String, role: String) throws {
      let line = try #require(items.first { $0.name == text }, "\(text)")
      #expect(line.type == "MessageData" && line.data["severityLevel"] == 1)
      #expect(line.tag("ai.cloud.role") == "hmpps-\(role)-api")
      #expect(line.tag("ai.operation.name")?.hasPrefix("RECEIVE ") == true)
      #expect(line.data["properties"]?["SourceType"] == "Logger")
      #expect(line.data["properties"]?["ThreadName"]?.text?.isEmpty == false)
    }
    let change = "A1111AA to B2222BB (created between whenever and now)"
    try line("Replacing prisoner number \(change)", role: "non-associations")
    try line("Merge results: merged [\(id)], closed [], deleted []", role: "non-associations")
    let kept = "Ignoring reception of prisoner D4444DD as they went to hospital after it"
    try line(kept, role: "restricted-patients")

    let type = "RECEIVE prison-offender-events.prisoner.merged"
    let rows = items.filter {
      $0.type == "RequestData" && $0.tag("ai.cloud.role") == "hmpps-non-associations-api"
    }
    let outer = try #require(rows.first { $0.name == type })
    let inner = try #require(rows.first { $0.name == "hmpps-non-associations-prisoner-event-queue" })
    #expect(inner.tag("ai.operation.parentId") == outer.data["id"]?.text)
    #expect(inner.tag("ai.operation.name") == type)
    #expect(inner.traceID == outer.traceID)
    #expect(inner.data["success"] == true && inner.data["responseCode"] == "0")
    // What the handler does is a part of the inner one.
    #expect(
      items.contains {
        $0.type == "RemoteDependencyData" && $0.tag("ai.operation.parentId") == inner.data["id"]?.text
      }
    )
    let written = lines.withLock(\.self)
    #expect(written.contains { $0.contains("Replacing a prisoner number") })
    #expect(written.contains { $0.contains("Ignoring reception of prisoner as they") })
    #expect(!written.contains { line in ["A1111AA", "B2222BB", "D4444DD"].contains { line.contains($0) } })
  }

  @Test(
    "AD-56: without a caller's trace and without a collector, event and audit message begin a trace of their own",
    arguments: Provider.allCases
  )
  func alwaysTraced(provider: Provider) async throws {
    try await MessagingWorld.run(provider) { (world) async throws in
      let token = try world.token(["WRITE_NON_ASSOCIATIONS"], user: "U")
      #expect(try await world.write("POST", "/non-associations", CreateTests.body, token).status == 201)
      let (_, envelope) = try await world.nextEvent()
      let event = try #require(envelope["MessageAttributes"]?["traceparent"]?["Value"]?.text)
      #expect(event.contains(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/))
      #expect(SpanContext(traceparent: event) != nil)
      let audit = try await world.take(1, from: world.names.audit)[0].attributes["traceparent"]
      let trace = String(event.split(separator: "-")[1])
      #expect(audit.flatMap { SpanContext(traceparent: $0) }?.traceID == trace)
    }
  }
}

/// Has the lines that standard output has at info.
private struct LineReader: LogHandler {
  var logLevel = Logger.Level.info
  var metadata: Logger.Metadata = [:]
  let note: @Sendable (String) -> Void

  init(_ note: @escaping @Sendable (String) -> Void) { self.note = note }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    note("\(event.message) \(metadata) \(event.metadata ?? [:]) \(event.error.map { "\($0)" } ?? "")")
  }
}
