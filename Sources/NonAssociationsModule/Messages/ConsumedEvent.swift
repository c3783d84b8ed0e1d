import EventLoops
import Events
import ServiceKit

/// An event of another service that changes prisoner numbers here (`non-associations.md` §11).
enum ConsumedEvent: Equatable, Sendable {
  case merged(old: String, new: String)
  /// With a start, only what was recorded between it and the event belongs to the booking.
  case bookingMoved(old: String, new: String, start: LocalDateTime?, occurredAt: Timestamp)

  static let mergedType = "prison-offender-events.prisoner.merged"
  static let bookingMovedType = "prison-offender-events.prisoner.booking.moved"

  /// Reads a message as the queue delivers it: an SNS envelope, whose attribute tells the type (`platform.md` §5.2).
  /// Properties that nobody here reads are ignored.
  /// - Returns: nil for a type that is not handled here.
  /// - Throws: `ConsumedEventError` for a message that cannot be read.
  static func read(_ body: [UInt8]) throws(ConsumedEventError) -> ConsumedEvent? {
    do throws(PlatformFailure) {
      let envelope = try fields(body)
      let text = try envelope.text("Message")
      let type = try envelope.object("MessageAttributes").object("eventType").text("Value")
      guard type == mergedType || type == bookingMovedType else { return nil }
      let message = try fields(Array(text.utf8))
      for required in ["version", "occurredAt", "description"] { _ = try message.text(required) }
      let details = try message.object("additionalInformation")
      return type == mergedType ? try merged(details) : try bookingMoved(details, message)
    } catch {
      throw ConsumedEventError(reason: error.unreadableReason)
    }
  }

  private static func fields(_ body: [UInt8]) throws(PlatformFailure) -> JSONFields {
    let value: JSONValue
    do {
      value = try JSONValue(parsing: body)
    } catch {
      throw .unreadableBody(error.description)
    }
    return try JSONFields(value)
  }

  private static func merged(_ details: JSONFields) throws(PlatformFailure) -> ConsumedEvent {
    .merged(old: try details.text("removedNomsNumber"), new: try details.text("nomsNumber"))
  }

  private static func bookingMoved(
    _ details: JSONFields,
    _ message: JSONFields
  ) throws(PlatformFailure) -> ConsumedEvent {
    guard Int64(try details.text("bookingId")) != nil else {
      throw .unreadableBody("property bookingId must be an integer")
    }
    guard let occurredAt = Timestamp(offsetText: try message.text("occurredAt")) else {
      throw .unreadableBody("property occurredAt must be a date-time with an offset")
    }
    return .bookingMoved(
      old: try details.text("movedFromNomsNumber"),
      new: try details.text("movedToNomsNumber"),
      start: try details.optionalDateTime("bookingStartDateTime"),
      occurredAt: occurredAt
    )
  }
}

/// Why a message cannot be read. Quotes nothing of it.
struct ConsumedEventError: Error, Equatable, CustomStringConvertible {
  let reason: String

  var description: String { "unreadable message: \(reason)" }
}

extension PlatformFailure {
  fileprivate var unreadableReason: String {
    if case .unreadableBody(let reason) = self { reason } else { "expected an object" }
  }
}
