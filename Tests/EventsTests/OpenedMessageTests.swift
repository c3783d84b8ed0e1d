import EventLoops
import JSON
import PlatformTestKit
import Postgres
import ServiceKit
import Synchronization
import TestKit
import Testing
import Time

@testable import Events

@Suite("A message is taken out of its envelope once") struct OpenedMessageTests {
  private struct Poison: Error {}
  private struct Heard: BusEvent {}

  private static let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

  private func opened(_ body: String, _ attributes: [String: String] = [:]) -> OpenedMessage {
    OpenedMessage(
      ReceivedMessage(
        id: "",
        receipt: "",
        body: Array(body.utf8),
        receiveCount: 1,
        attributes: attributes.mapValues { MessageAttribute(value: $0) }
      )
    )
  }

  @Test("the event type that decides about retries is the envelope's, else the queue's")
  func eventTypes() {
    let envelope = "{\"MessageAttributes\":{\"eventType\":{\"Type\":\"String\",\"Value\":\"a\"}}}"
    #expect(opened(envelope).eventType == "a")
    #expect(opened(envelope, ["eventType": "b"]).eventType == "a")
    #expect(opened("{\"MessageAttributes\":{}}", ["eventType": "b"]).eventType == "b")
    #expect(opened("{", ["eventType": "b"]).eventType == "b")
    #expect(opened("[\"MessageAttributes\"]", ["eventType": "b"]).eventType == "b")
    #expect(opened("{}").eventType == nil)
    for body in [envelope, "{", "{}", "[\"MessageAttributes\"]"] { #expect(opened(body).isTypeReadable) }
    #expect(!opened("{MessageAttributes").isTypeReadable)
  }

  @Test("the span is the envelope's, else the queue's own; what is no envelope says so")
  func spans() {
    let other = "00-11112222333344445555666677778888-00f067aa0ba902b7-01"
    let envelope =
      "{\"Message\":\"x\",\"MessageAttributes\":{\"traceparent\":{\"Type\":\"String\",\"Value\":\"\(Self.trace)\"}}}"
    #expect(opened(envelope, ["traceparent": other]).span?.traceparent == Self.trace)
    #expect(opened("{\"Message\":\"x\"}", ["traceparent": other]).span?.traceparent == other)
    #expect(opened("poison", ["traceparent": other]).span?.traceparent == other)
    #expect(opened("{}").span == nil)
    #expect(throws: EnvelopeError.noMessage) { try opened("{}").envelope.get() }
    #expect(throws: EnvelopeError.notAnObject) { try opened("[]").envelope.get() }
    #expect(throws: EnvelopeError.self) { try opened("{").envelope.get() }
  }

  @Test("on receipt, however often it is handled: kept in flight, retried, acknowledged")
  func once() async throws {
    let queue = LearnedTests.CountingQueue()
    let body =
      "{\"Message\":\"{}\",\"MessageAttributes\":{\"eventType\":{\"Type\":\"String\",\"Value\":\"merged\"},"
      + "\"traceparent\":{\"Type\":\"String\",\"Value\":\"\(Self.trace)\"}}}"
    func deliver(_ count: Int) {
      let message = ReceivedMessage(
        id: "m",
        receipt: "r\(count)",
        body: Array(body.utf8),
        receiveCount: count
      )
      queue.state.withLock { $0.messages.append(message) }
    }
    let tries = Mutex<[String?]>([])
    let bus = EventBus()
    bus.subscribe(to: Heard.self, as: "test") { _ in
      let count = tries.withLock { tries in
        tries.append(SpanContext.current?.traceparent)
        return tries.count
      }
      if count <= 2 { throw PostgresError(.connectionFailed) }
      if count == 3 { throw Poison() }
    }
    let types = Mutex<[String?]>([])
    let consumed = ConsumedEvents(["merged"]) { (message) throws(UnreadableMessage) in
      types.withLock { $0.append(message.eventType) }
      return Heard()
    }
    let openings = Atomic<Int>(0)
    var settings = ConsumerSettings()
    settings.acknowledgementInterval = .milliseconds(10)
    settings.initialPollBackOff = .milliseconds(5)
    let consumer = QueueConsumer(
      id: "x",
      queue: queue,
      deadLetterQueue: queue,
      handler: BusBridge(consumed, to: bus),
      open: { message in
        openings.add(1, ordering: .relaxed)
        return OpenedMessage(message)
      },
      retryPolicy: .growing,
      settings: settings,
      spans: Spans(),
      telemetry: RecordingTelemetry(),
      loop: Loops.shared.loops[0],
      logger: quiet
    )
    deliver(1)
    await consumer.start()
    try await eventually("it is to be retried") { queue.state.withLock { $0.hidden == [1] } }
    deliver(2)
    try await eventually("it is deleted") { queue.state.withLock { $0.deletes.count } == 1 }
    await consumer.stop()
    #expect(tries.withLock { $0 } == Array(repeating: Self.trace, count: 4))
    #expect(types.withLock { $0 } == Array(repeating: "merged", count: 4))
    #expect(openings.load(ordering: .relaxed) == 2)
  }
}
