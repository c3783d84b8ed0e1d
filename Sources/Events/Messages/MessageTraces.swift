internal import ServiceKit
internal import Tracing

extension SpanContext {
  /// The span that a message was sent in (`platform.md` §8.2): of its envelope, else of the queue's own attributes. A
  /// message whose trace cannot be read has none.
  init?(of message: ReceivedMessage) {
    let enveloped = try? NotificationEnvelope(parsing: message.body).attributes
    guard
      let attributes = [enveloped, message.attributes].lazy.compactMap(\.self)
        .first(where: { $0[Self.fieldName] != nil }),
      let text = attributes[Self.fieldName]?.value
    else { return nil }
    self.init(traceparent: text, state: attributes[Self.stateFieldName]?.value)
  }

  /// As a message takes it along.
  var messageAttributes: [String: MessageAttribute] {
    var attributes = [Self.fieldName: MessageAttribute(value: traceparent)]
    if let state { attributes[Self.stateFieldName] = MessageAttribute(value: state) }
    return attributes
  }
}

extension Tracing.Span {
  /// What a span of a message tells (`platform.md` §8.2; OpenTelemetry, "Messaging spans").
  /// - Parameters:
  ///   - system: of the broker.
  ///   - destination: the topic's or queue's name.
  ///   - operation: `send` or `process`.
  func describe(system: String, destination: String, operation: String) {
    guard isRecording else { return }
    updateAttributes { attributes in
      attributes["messaging.system"] = SpanAttribute.string(system)
      attributes["messaging.destination.name"] = SpanAttribute.string(destination)
      attributes["messaging.operation.type"] = SpanAttribute.string(operation)
    }
  }
}
