import Events
internal import JSON
import ServiceKit
internal import Time

extension ConsumedEvents {
  /// Of the queue `domainevents`. The message itself tells its type (docs/contract/platform.md §5.2).
  static let domainEvents = ConsumedEvents([
    PrisonerMerged.type, PrisonerReleased.type, PrisonerReceived.type,
  ]) { (incoming) throws(UnreadableMessage) in
    try read(incoming) { (message, type) throws(JSONObjectError) in
      switch type {
      case PrisonerMerged.type: try PrisonerMerged(message)
      case PrisonerReleased.type: try PrisonerReleased(message)
      case PrisonerReceived.type: try PrisonerReceived(domainEvent: message)
      default: UnexpectedEvent(type: type, kind: "domain")
      }
    }
  }

  /// Of the queue `offenderevents`.
  static let offenderEvents = ConsumedEvents([PrisonerReceived.receptionType]) {
    (incoming) throws(UnreadableMessage) in
    try read(incoming) { (message, type) throws(JSONObjectError) in
      switch type {
      case PrisonerReceived.receptionType: try PrisonerReceived(offenderEvent: message)
      default: UnexpectedEvent(type: type, kind: "offender")
      }
    }
  }

  private static func read(
    _ incoming: IncomingMessage,
    _ convert: (JSONObject, _ type: String?) throws(JSONObjectError) -> any BusEvent
  ) throws(UnreadableMessage) -> any BusEvent {
    let value: JSONValue
    do {
      value = try JSONValue(parsing: incoming.text, .lenient)
    } catch {
      throw UnreadableMessage(reason: error.description)
    }
    do throws(JSONObjectError) {
      let message = try JSONObject(value)
      return try convert(message, message.scalar("eventType"))
    } catch {
      throw UnreadableMessage(reason: error.reason)
    }
  }
}
