internal import JSON
internal import ServiceKit

/// A received message, taken out of what a topic wraps messages in: once, when it is received, for all who look at it.
public struct OpenedMessage: Equatable, Sendable {
  /// As the queue has it.
  public let message: ReceivedMessage
  /// What the topic put into the queue, or why the message is no envelope.
  public let envelope: Result<NotificationEnvelope, EnvelopeError>
  /// The event type that decides about retries (docs/contract/platform.md §5.4): of the envelope's attribute, else of the
  /// queue's own.
  package let eventType: String?
  /// Whether the event type could be read: not in a body that speaks of attributes and is not JSON.
  let isTypeReadable: Bool
  /// The span that the message was sent in (docs/contract/platform.md §8.2): of its envelope, else of the queue's own
  /// attributes. A message whose trace cannot be read has none.
  let span: SpanContext?

  /// Reads the body.
  /// - Parameter isTraced: whether it belongs to the span that it names. Default true.
  public init(_ message: ReceivedMessage, isTraced: Bool = true) {
    self.message = message
    var attributes: [String: MessageAttribute] = [:]
    var isTypeReadable = true
    do throws(EnvelopeError) {
      let members = try NotificationEnvelope.members(of: message.body)
      attributes = MessageAttribute.attributes(members["MessageAttributes"])
      envelope = Self.result { () throws(EnvelopeError) in try NotificationEnvelope(members, attributes) }
    } catch {
      envelope = .failure(error)
      if case .notJSON = error {
        isTypeReadable = !String(decoding: message.body, as: UTF8.self).contains("MessageAttributes")
      }
    }
    self.isTypeReadable = isTypeReadable
    eventType = (attributes["eventType"] ?? message.attributes["eventType"])?.value
    let traced = attributes[SpanContext.fieldName] == nil ? message.attributes : attributes
    span =
      !isTraced
      ? nil
      : traced[SpanContext.fieldName].flatMap {
        SpanContext(traceparent: $0.value, state: traced[SpanContext.stateFieldName]?.value)
      }
  }

  private static func result(
    _ body: () throws(EnvelopeError) -> NotificationEnvelope
  ) -> Result<NotificationEnvelope, EnvelopeError> {
    do throws(EnvelopeError) { return .success(try body()) } catch { return .failure(error) }
  }
}
