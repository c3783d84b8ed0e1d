import Events
internal import JSON
import ServiceKit
internal import Time

/// Two records of one prisoner became one: what `removed` had belongs to `kept` (`non-associations.md` §11).
struct PrisonerMerged: BusEvent, Equatable {
  static let type = "prison-offender-events.prisoner.merged"

  let removed: String
  let kept: String
  /// Nil if it cannot be read, which is no reason to refuse a merge.
  let occurredAt: Timestamp?
}

/// A booking went from one prisoner to another. With a start, only what was recorded between it and the event belongs
/// to the booking (§11).
struct BookingMoved: BusEvent, Equatable {
  static let type = "prison-offender-events.prisoner.booking.moved"

  let from: String
  let to: String
  let start: LocalDateTime?
  let occurredAt: Timestamp
}

/// An event of no concern here.
struct UnexpectedEvent: BusEvent, Equatable {
  let type: String
}

extension ConsumedEvents {
  /// Of the queue `nonassociations`. The type is what the publisher said beside the message (`platform.md` §5.2);
  /// properties that nobody here reads are ignored.
  static let nonAssociations = ConsumedEvents([PrisonerMerged.type, BookingMoved.type]) {
    (incoming) throws(UnreadableMessage) in
    guard let type = incoming.eventType else { throw UnreadableMessage(reason: "it does not say its type") }
    do throws(PlatformFailure) {
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
      throw UnreadableMessage(reason: error.unreadableReason)
    }
  }

  private static func message(_ incoming: IncomingMessage) throws(PlatformFailure) -> JSONFields {
    let value: JSONValue
    do {
      value = try JSONValue(parsing: incoming.text)
    } catch {
      throw .unreadableBody(error.description)
    }
    return try JSONFields(value)
  }

  private static func details(of message: JSONFields) throws(PlatformFailure) -> JSONFields {
    for required in ["version", "occurredAt", "description"] { _ = try message.text(required) }
    return try message.object("additionalInformation")
  }
}

extension PrisonerMerged {
  fileprivate init(_ details: JSONFields, _ message: JSONFields) throws(PlatformFailure) {
    occurredAt = Timestamp(offsetText: try message.text("occurredAt"))
    removed = try details.text("removedNomsNumber")
    kept = try details.text("nomsNumber")
  }
}

extension BookingMoved {
  fileprivate init(_ details: JSONFields, _ message: JSONFields) throws(PlatformFailure) {
    guard Int64(try details.text("bookingId")) != nil else {
      throw .unreadableBody("property bookingId must be an integer")
    }
    guard let occurredAt = Timestamp(offsetText: try message.text("occurredAt")) else {
      throw .unreadableBody("property occurredAt must be a date-time with an offset")
    }
    from = try details.text("movedFromNomsNumber")
    to = try details.text("movedToNomsNumber")
    start = try details.optionalDateTime("bookingStartDateTime")
    self.occurredAt = occurredAt
  }
}

extension PlatformFailure {
  fileprivate var unreadableReason: String {
    if case .unreadableBody(let reason) = self { reason } else { "expected an object" }
  }
}
