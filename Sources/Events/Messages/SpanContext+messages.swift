internal import ServiceKit
internal import Tracing

extension SpanContext {
  /// As a message takes it along.
  var messageAttributes: [String: MessageAttribute] {
    var attributes = [Self.fieldName: MessageAttribute(value: traceparent)]
    if let state { attributes[Self.stateFieldName] = MessageAttribute(value: state) }
    return attributes
  }
}

extension Tracing.Span {
  /// What a span of a message tells (docs/contract/platform.md §8.2; OpenTelemetry, "Messaging spans").
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
