import Events
internal import JSON
import ServiceKit

extension ConsumedEvents {
  /// Of the queue `nonassociations`. The type is what the publisher said beside the message (docs/contract/platform.md §5.2);
  /// properties that nobody here reads are ignored.
  static let nonAssociations = ConsumedEvents([PrisonerMerged.type, BookingMoved.type]) {
    (incoming) throws(UnreadableMessage) in
    guard let type = incoming.eventType else { throw UnreadableMessage(reason: "it does not say its type") }
    do throws(JSONObjectError) {
      switch type {
      case PrisonerMerged.type:
        let message = try message(incoming)
        return try PrisonerMerged(details(of: message), message)
      case BookingMoved.type:
        let message = try message(incoming)
        return try BookingMoved(details(of: message), message)
      default: return UnexpectedEvent(type: type)
      }
    } catch {
      throw UnreadableMessage(reason: error.reason)
    }
  }

  private static func message(_ incoming: IncomingMessage) throws(JSONObjectError) -> JSONObject {
    let value: JSONValue
    do {
      value = try JSONValue(parsing: incoming.text)
    } catch {
      throw JSONObjectError(error.description)
    }
    return try JSONObject(value)
  }

  private static func details(of message: JSONObject) throws(JSONObjectError) -> JSONObject {
    for required in ["version", "description"] { _ = try message.text(required) }
    _ = try message.required("occurredAt", message["occurredAt"])
    return try message.object("additionalInformation")
  }
}
