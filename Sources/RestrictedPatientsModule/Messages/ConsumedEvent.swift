import Events
import ServiceKit

/// An event of another service that concerns patients (`restricted-patients.md` §10).
enum ConsumedEvent: Equatable, Sendable {
  /// Two records of one prisoner became one.
  case merged(removed: String, kept: String)
  case released(number: String, reason: String)
  /// A prisoner came into a prison at the moment that `limit` tells, if it is known.
  case received(number: String, limit: RestrictedPatientsStore.Limit)
  /// Of no concern here.
  case other(type: String)

  static let mergedType = "prison-offender-events.prisoner.merged"
  static let releasedType = "prisoner-offender-search.prisoner.released"
  static let receivedType = "prison-offender-events.prisoner.received"
  static let receptionType = "OFFENDER_MOVEMENT-RECEPTION"

  /// Reads a message of the queue `domainevents`: an SNS envelope whose message tells its type (`platform.md` §5.2).
  /// - Throws: `UnreadableMessage`.
  static func domainEvent(_ body: [UInt8]) throws(UnreadableMessage) -> ConsumedEvent {
    try read(body) { (message) throws(UnreadableObject) in
      let type = try message.requiredText("eventType")
      switch type {
      case mergedType:
        let details = try message.object("additionalInformation")
        return .merged(
          removed: try details.requiredText("removedNomsNumber"),
          kept: try details.requiredText("nomsNumber")
        )
      case releasedType:
        let details = try message.object("additionalInformation")
        return .released(
          number: try details.requiredText("nomsNumber"),
          reason: try details.requiredText("reason")
        )
      case receivedType:
        let details = try message.object("additionalInformation")
        return .received(
          number: try details.requiredText("nomsNumber"),
          limit: instant(message.text("occurredAt"))
        )
      default: return .other(type: type)
      }
    }
  }

  /// Reads a message of the queue `offenderevents`.
  /// - Throws: `UnreadableMessage`.
  static func offenderEvent(_ body: [UInt8]) throws(UnreadableMessage) -> ConsumedEvent {
    try read(body) { (message) throws(UnreadableObject) in
      let type = try message.requiredText("eventType")
      guard type == receptionType else { return .other(type: type) }
      let time = message.text("movementDateTime").flatMap { LocalDateTime(contractText: $0) }
      return .received(
        number: try message.requiredText("offenderIdDisplay"),
        limit: time.map { .local($0) } ?? .none
      )
    }
  }

  private static func read(
    _ body: [UInt8],
    _ convert: (LenientObject) throws(UnreadableObject) -> ConsumedEvent
  ) throws(UnreadableMessage) -> ConsumedEvent {
    let text: String
    do {
      text = try NotificationEnvelope(parsing: body).message
    } catch {
      throw UnreadableMessage(reason: error.description)
    }
    let value: JSONValue
    do {
      value = try LenientJSON.value(Array(text.utf8))
    } catch {
      throw UnreadableMessage(reason: error.description)
    }
    do throws(UnreadableObject) {
      return try convert(LenientObject(value))
    } catch {
      throw UnreadableMessage(reason: error.reason)
    }
  }

  /// A date-time with `Z` or an offset of hours and minutes, in a form that PostgreSQL reads; `none` for another.
  private static func instant(_ text: String?) -> RestrictedPatientsStore.Limit {
    guard let text else { return .none }
    let offset = text.hasSuffix("Z") ? 1 : 6
    let sign = text.suffix(offset).first
    guard sign == "Z" || sign == "+" || sign == "-",
      LocalDateTime(contractText: String(text.dropLast(offset))) != nil
    else { return .none }
    let digits = text.suffix(offset).dropFirst().filter { $0 != ":" }
    guard digits.allSatisfy(\.isWholeNumber), offset == 1 || digits.count == 4 else { return .none }
    return .instant(text)
  }
}

/// Why a message cannot be read. Quotes nothing of it.
struct UnreadableMessage: Error, Equatable, CustomStringConvertible {
  let reason: String

  var description: String { "unreadable message: \(reason)" }
}
