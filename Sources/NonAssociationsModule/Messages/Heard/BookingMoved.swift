import Events
internal import JSON
import ServiceKit
internal import Time

/// A booking went from one prisoner to another. With a start, only what was recorded between it and the event belongs
/// to the booking (docs/contract/non-associations.md §11).
struct BookingMoved: BusEvent, Equatable {
  static let type = "prison-offender-events.prisoner.booking.moved"

  let from: String
  let to: String
  let start: LocalDateTime?
  let occurredAt: Timestamp
}

extension BookingMoved {
  init(_ details: JSONObject, _ message: JSONObject) throws(JSONObjectError) {
    // Nobody uses it, but a message that has another thing there was not meant like this.
    if details["bookingId"] != nil, details.integer("bookingId") == nil {
      throw JSONObjectError(property: "bookingId", "must be an integer")
    }
    guard let occurredAt = message.instant("occurredAt") else {
      throw JSONObjectError(
        property: "occurredAt",
        "must be a date-time with an offset, or seconds since 1970"
      )
    }
    from = try details.text("movedFromNomsNumber")
    to = try details.text("movedToNomsNumber")
    start = try details.optionalDateTime("bookingStartDateTime")
    self.occurredAt = occurredAt
  }
}
