import Events
import JSON
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
    guard case .object(let inner) = try JSONValue(parsing: Array(envelope.message.utf8), .lenient) else {
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
}
