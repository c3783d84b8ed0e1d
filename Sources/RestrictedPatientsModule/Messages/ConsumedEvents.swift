import Events
internal import JSON
import ServiceKit
internal import Time

/// Two records of one prisoner became one: `removed` is no more, `kept` is (`restricted-patients.md` §10.1).
struct PrisonerMerged: BusEvent, Equatable {
  static let type = "prison-offender-events.prisoner.merged"

  let removed: String
  let kept: String
}

/// A prisoner left prison (§10.2).
struct PrisonerReleased: BusEvent, Equatable {
  static let type = "prisoner-offender-search.prisoner.released"

  let number: String
  let reason: String
}

/// A prisoner came into a prison (§10.3), at the moment that `limit` tells, if it is known.
struct PrisonerReceived: BusEvent, Equatable {
  static let type = "prison-offender-events.prisoner.received"
  static let receptionType = "OFFENDER_MOVEMENT-RECEPTION"

  let number: String
  let limit: RestrictedPatientsStore.Limit
}

/// An event of no concern here.
struct UnexpectedEvent: BusEvent, Equatable {
  let type: String
  /// Which queue had it: `domain` or `offender`.
  let kind: String
}

extension ConsumedEvents {
  /// Of the queue `domainevents`. The message itself tells its type (`platform.md` §5.2).
  static let domainEvents = ConsumedEvents([
    PrisonerMerged.type, PrisonerReleased.type, PrisonerReceived.type,
  ]) { (incoming) throws(UnreadableMessage) in
    try read(incoming) { (message, type) throws(UnreadableObject) in
      switch type {
      case PrisonerMerged.type:
        let details = try message.object("additionalInformation")
        return PrisonerMerged(
          removed: try details.requiredText("removedNomsNumber"),
          kept: try details.requiredText("nomsNumber")
        )
      case PrisonerReleased.type:
        let details = try message.object("additionalInformation")
        return PrisonerReleased(
          number: try details.requiredText("nomsNumber"),
          reason: try details.requiredText("reason")
        )
      case PrisonerReceived.type:
        let details = try message.object("additionalInformation")
        return PrisonerReceived(
          number: try details.requiredText("nomsNumber"),
          limit: message.text("occurredAt").flatMap { Timestamp(offsetText: $0) }.map { .instant($0) }
            ?? .none
        )
      default: return UnexpectedEvent(type: type, kind: "domain")
      }
    }
  }

  /// Of the queue `offenderevents`.
  static let offenderEvents = ConsumedEvents([PrisonerReceived.receptionType]) {
    (incoming) throws(UnreadableMessage) in
    try read(incoming) { (message, type) throws(UnreadableObject) in
      guard type == PrisonerReceived.receptionType else {
        return UnexpectedEvent(type: type, kind: "offender")
      }
      let time = message.text("movementDateTime").flatMap { LocalDateTime(contractText: $0) }
      return PrisonerReceived(
        number: try message.requiredText("offenderIdDisplay"),
        limit: time.map { .local($0) } ?? .none
      )
    }
  }

  private static func read(
    _ incoming: IncomingMessage,
    _ convert: (LenientObject, _ type: String) throws(UnreadableObject) -> any BusEvent
  ) throws(UnreadableMessage) -> any BusEvent {
    let value: JSONValue
    do {
      value = try JSONValue(parsing: incoming.text, .lenient)
    } catch {
      throw UnreadableMessage(reason: error.description)
    }
    do throws(UnreadableObject) {
      let message = try LenientObject(value)
      return try convert(message, try message.requiredText("eventType"))
    } catch {
      throw UnreadableMessage(reason: error.reason)
    }
  }
}
