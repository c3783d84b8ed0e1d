import Events
import Synchronization
import Testing

@Suite("The bus, and the bridge from a queue to it")
struct EventBusTests {
  private struct Merged: BusEvent { var text: String }
  private struct Other: BusEvent {}
  private struct Broken: Error {}

  private static func message(_ type: String, _ text: String) -> ReceivedMessage {
    let body = """
      {"Message":"\(text)","MessageAttributes":{"eventType":{"Type":"String","Value":"\(type)"}}}
      """
    return ReceivedMessage(id: text, receipt: "", body: Array(body.utf8), receiveCount: 1)
  }

  private static let consumed = ConsumedEvents(["merged"]) { (incoming) throws(UnreadableMessage) in
    guard let type = incoming.eventType else { throw UnreadableMessage(reason: "no type") }
    return type == "merged" ? Merged(text: String(decoding: incoming.text, as: UTF8.self)) : Other()
  }

  @Test(
    "a message becomes the event of its type, for every subscriber; one that fails keeps no other from it"
  )
  func bridge() async throws {
    let bus = EventBus()
    let seen = Mutex<[String]>([])
    bus.subscribe(to: Merged.self, as: "broken") { if $0.text == "bad" { throw Broken() } }
    bus.subscribe(to: Merged.self, as: "good") { event in seen.withLock { $0.append(event.text) } }
    let bridge = BusBridge(Self.consumed, to: bus)
    try await bridge.handle(Self.message("merged", "one"))
    await #expect(throws: Broken.self) { try await bridge.handle(Self.message("merged", "bad")) }
    #expect(seen.withLock(\.self) == ["one", "bad"])
  }

  @Test("an event that nobody subscribed to fails, so that its message is not lost")
  func noSubscriber() async throws {
    let bus = EventBus()
    bus.subscribe(to: Merged.self, as: "good") { _ in }
    let bridge = BusBridge(Self.consumed, to: bus)
    let error = await #expect(throws: EventBusError.self) {
      try await bridge.handle(Self.message("other", "one"))
    }
    #expect(error?.description == "nobody subscribed to Other")
  }

  @Test("what several subscribers failed at names them all")
  func severalFailures() async throws {
    let bus = EventBus()
    for name in ["first", "second"] { bus.subscribe(to: Other.self, as: name) { _ in throw Broken() } }
    let error = await #expect(throws: EventBusError.self) { try await bus.publish(Other()) }
    #expect(error?.description == "first: Broken(); second: Broken()")
  }

  @Test(
    "what is no envelope, or cannot be read by the module, is unreadable",
    arguments: ["", "{", #"{"eventType":"merged"}"#, #"{"Message":"{}"}"#]
  )
  func unreadable(body: String) async throws {
    let bridge = BusBridge(Self.consumed, to: EventBus())
    let message = ReceivedMessage(id: "", receipt: "", body: Array(body.utf8), receiveCount: 1)
    await #expect(throws: UnreadableMessage.self) { try await bridge.handle(message) }
  }
}
