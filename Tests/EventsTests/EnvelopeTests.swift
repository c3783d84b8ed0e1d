import Events
import Logging
import ServiceKit
import Testing

@Suite struct EnvelopeTests {
  @Test("line breaks inside strings are read, and nothing but Message is needed")
  func lenient() throws {
    let body = "{\"Message\":\"{\\\"eventType\\\":\\\"a\\\",\n\t\\\"b\\\":\\\"c\u{1}\\\"}\"}"
    let envelope = try NotificationEnvelope(parsing: Array(body.utf8))
    #expect(envelope.message == "{\"eventType\":\"a\",\n\t\"b\":\"c\u{1}\"}")
    #expect(envelope.eventType == nil)
    #expect(envelope.messageID == nil)
    guard case .object(let inner) = try LenientJSON.value(Array(envelope.message.utf8)) else {
      Issue.record("no object")
      return
    }
    #expect(inner["b"] == .string("c\u{1}"))
  }

  @Test("attributes of any type are read")
  func attributes() throws {
    let body = """
      {"Type":"Notification","MessageId":"m","Message":"x","MessageAttributes":{
      "eventType":{"Type":"String","Value":"a"},"timestamp":{"Type":"Number.java.lang.Long","Value":17},
      "odd":{"Type":"String"},"none":null},"Unknown":[1]}
      """
    let envelope = try NotificationEnvelope(parsing: Array(body.utf8))
    #expect(envelope.eventType == "a")
    #expect(envelope.messageID == "m")
    #expect(
      envelope.attributes == [
        "eventType": MessageAttribute(value: "a"),
        "timestamp": MessageAttribute(dataType: "Number.java.lang.Long", value: "17"),
      ]
    )
  }

  @Test(
    "what is no envelope says so",
    arguments: [
      "", "{", "[]", "null", "{}", "{\"Message\":null}", "{\"Message\":{}}", "{\"Message\":\"a\\\n\"}",
    ]
  )
  func noEnvelope(body: String) {
    #expect(throws: EnvelopeError.self) { try NotificationEnvelope(parsing: Array(body.utf8)) }
  }

  private struct Merged: BusEvent { var text: String }

  @Test("a bridge hands typed events to all subscribers, ignores unknown types and passes failures on")
  func bridge() async throws {
    struct Broken: Error {}
    let bus = EventBus()
    let handler = ClosureHandler()
    bus.subscribe(to: Merged.self, as: "broken") { event in if event.text == "bad" { throw Broken() } }
    bus.subscribe(to: Merged.self, as: "good") { event in
      try await handler.handle(ReceivedMessage(id: event.text, receipt: "", body: [], receiveCount: 1))
    }
    for source in [BusBridge.TypeSource.attribute, .message] {
      let bridge = BusBridge(
        to: bus,
        typeSource: source,
        decoders: ["merged": { Merged(text: $0.messageID ?? "") }],
        unknownTypeLevel: .debug,
        logger: quiet
      )
      func message(_ id: String, _ type: String) -> ReceivedMessage {
        let body = """
          {"MessageId":"\(id)","Message":"{\\"eventType\\":\\"\(type)\\"}",\
          "MessageAttributes":{"eventType":{"Type":"String","Value":"\(type)"}}}
          """
        return ReceivedMessage(id: id, receipt: "", body: Array(body.utf8), receiveCount: 1)
      }
      try await bridge.handle(message("one", "merged"))
      try await bridge.handle(message("two", "unknown"))
      await #expect(throws: EventBusError.self) { try await bridge.handle(message("bad", "merged")) }
      await #expect(throws: EnvelopeError.noEventType) {
        try await bridge.handle(
          ReceivedMessage(id: "", receipt: "", body: Array("{\"Message\":\"{}\"}".utf8), receiveCount: 1)
        )
      }
    }
    #expect(handler.messages.map(\.id) == ["one", "bad", "one", "bad"])
  }
}
