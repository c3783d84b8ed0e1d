internal import JSON
package import Time

/// The messages of the events, as NOMIS and prison-offender-events publish them (docs/contract/non-associations.md §11,
/// docs/contract/restricted-patients.md §10).
package struct PrisonEventWriter: Sendable {
  private let london: LondonTime
  private let clock: any WallClock

  /// - Parameters:
  ///   - london: for the times in events.
  ///   - clock: says when an event happened.
  package init(london: LondonTime, clock: any WallClock) {
    self.london = london
    self.clock = clock
  }

  /// prison-offender-events: two numbers are one person.
  package func merged(removed: String, kept: String, booking: Int64?) -> PrisonEvent {
    event(
      "prison-offender-events.prisoner.merged",
      "A prisoner has been merged from \(removed) to \(kept)",
      about: kept
    ) { json in
      if let booking { json.field("bookingId", String(booking)) }
      json.field("nomsNumber", kept)
      json.field("removedNomsNumber", removed)
      json.field("reason", "MERGE")
    }
  }

  /// prison-offender-events: a booking belongs to another number now.
  /// - Parameter start: when the booking began, London's time; nil as for messages that do not say.
  package func bookingMoved(_ booking: Int64, from old: String, to new: String, start: LocalDateTime?)
    -> PrisonEvent
  {
    event(
      "prison-offender-events.prisoner.booking.moved",
      "a NOMIS booking has moved between prisoners",
      about: new
    ) { json in
      json.field("bookingId", String(booking))
      json.field("movedFromNomsNumber", old)
      json.field("movedToNomsNumber", new)
      if let start { json.field("bookingStartDateTime", start.text) }
    }
  }

  /// prison-offender-events: somebody is in a prison. In NOMIS's world it comes 45 minutes after the reception.
  package func received(_ number: String, prison: String, reason: String) -> PrisonEvent {
    event(
      "prison-offender-events.prisoner.received",
      "A prisoner has been received into prison",
      about: number
    ) { json in
      json.field("nomsNumber", number)
      json.field("reason", "ADMISSION")
      json.field("details", "ACTIVE IN:ADM-\(reason)")
      json.field("currentLocation", "IN_PRISON")
      json.field("prisonId", prison)
      json.field("nomisMovementReasonCode", reason)
      json.field("currentPrisonStatus", "UNDER_PRISON_CARE")
    }
  }

  /// prisoner search: somebody has left a prison.
  /// - Parameter reason: `RELEASED_TO_HOSPITAL`, `RELEASED`, `TRANSFERRED` …
  package func released(_ number: String, from prison: String, reason: String) -> PrisonEvent {
    searchEvent(
      "prisoner-offender-search.prisoner.released",
      "A prisoner has been released from a prison with reason: \(Self.words(reason))",
      about: number
    ) { json in
      json.field("nomsNumber", number)
      json.field("reason", reason)
      json.field("prisonId", prison)
    }
  }

  /// prisoner search: a record has changed. Nobody here consumes it.
  func updated(_ number: String) -> PrisonEvent {
    searchEvent(
      "prisoner-offender-search.prisoner.updated",
      "A prisoner record has been updated",
      about: number
    ) { json in
      json.field("nomsNumber", number)
      json.field("categoriesChanged", ["LOCATION"])
    }
  }

  /// NOMIS: a movement into a prison.
  package func reception(_ number: String, booking: Int64, _ movement: SampleMovement) -> PrisonEvent {
    var json = JSONWriter()
    json.beginObject()
    json.field("eventType", "OFFENDER_MOVEMENT-RECEPTION")
    json.field("eventDatetime", movement.moment)
    json.field("bookingId", booking)
    json.field("offenderIdDisplay", number)
    json.field("movementSeq", 1)
    json.field("fromAgencyLocationId", movement.fromAgency)
    json.field("toAgencyLocationId", movement.toAgency)
    json.field("directionCode", "IN")
    json.field("movementDateTime", movement.moment)
    json.field("movementType", movement.type)
    json.field("movementReasonCode", movement.reason)
    json.endObject()
    return PrisonEvent(eventType: "OFFENDER_MOVEMENT-RECEPTION", message: json.bytes)
  }

  private func event(
    _ type: String,
    _ description: String,
    about number: String,
    _ details: (inout JSONWriter) -> Void
  ) -> PrisonEvent {
    let now = london.offsetText(clock.now())
    var json = JSONWriter()
    json.beginObject()
    json.field("eventType", type)
    json.field("version", 1)
    json.field("occurredAt", now)
    json.field("publishedAt", now)
    json.field("description", description)
    json.personReference(number)
    json.key("additionalInformation")
    json.beginObject()
    details(&json)
    json.endObject()
    json.endObject()
    return PrisonEvent(eventType: type, message: json.bytes)
  }

  private func searchEvent(
    _ type: String,
    _ description: String,
    about number: String,
    _ details: (inout JSONWriter) -> Void
  ) -> PrisonEvent {
    var json = JSONWriter()
    json.beginObject()
    json.field("eventType", type)
    json.key("additionalInformation")
    json.beginObject()
    details(&json)
    json.endObject()
    json.field("occurredAt", london.offsetText(clock.now()))
    json.field("version", 1)
    json.field("description", description)
    json.field("detailUrl", "https://prisoner-search.prison.service.justice.gov.uk/prisoner/\(number)")
    json.personReference(number)
    json.endObject()
    return PrisonEvent(eventType: type, message: json.bytes)
  }

  /// `RELEASED_TO_HOSPITAL` as `released to hospital`.
  private static func words(_ reason: String) -> String {
    String(reason.lowercased().map { $0 == "_" ? " " : $0 })
  }
}

extension JSONWriter {
  fileprivate mutating func personReference(_ number: String) {
    key("personReference")
    beginObject()
    key("identifiers")
    beginArray()
    beginObject()
    field("type", "NOMS")
    field("value", number)
    endObject()
    endArray()
    endObject()
  }
}
