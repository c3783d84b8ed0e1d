internal import JSON

/// A prisoner in prison API's shapes (docs/contract/upstreams.md §4, §5.1).
extension SamplePrisoner {
  /// As `GET /api/bookings/offenderNo/{n}` shows one.
  var booking: [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.field("offenderNo", prisonerNumber)
    if let bookingID {
      json.field("bookingId", bookingID)
      json.field("bookingNo", "P\(bookingID % 100_000)")
    }
    json.field("activeFlag", isActive)
    json.fieldIfPresent("agencyId", prisonID)
    json.field("inOutStatus", inOutStatus)
    json.field("status", isActive ? "ACTIVE \(inOutStatus)" : "INACTIVE OUT")
    json.field("statusReason", "\(lastMovementTypeCode)-\(lastMovementReasonCode)")
    json.field("lastMovementTypeCode", lastMovementTypeCode)
    json.field("lastMovementReasonCode", lastMovementReasonCode)
    json.field("firstName", firstName)
    json.field("lastName", lastName)
    json.endObject()
    return json.bytes
  }

  private var inOutStatus: String {
    prisonID == Place.transfer.prisonID ? "TRN" : isActive ? "IN" : "OUT"
  }

  /// As `GET /api/offenders/{n}` shows one.
  var offender: [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.field("offenderNo", prisonerNumber)
    if let bookingID { json.field("bookingId", bookingID) }
    json.field("firstName", firstName)
    json.field("lastName", lastName)
    json.field("dateOfBirth", dateOfBirth)
    json.field("activeFlag", isActive)
    json.fieldIfPresent("agencyId", prisonID)
    if let prisonID {
      json.key("assignedLivingUnit")
      json.beginObject()
      json.field("agencyId", prisonID)
      if let bookingID { json.field("locationId", bookingID % 10_000 + 20_000) }
      json.fieldIfPresent("description", cellLocation)
      json.fieldIfPresent("agencyName", prisonName)
      json.endObject()
    }
    json.fieldIfPresent("locationDescription", locationDescription)
    json.field("categoryCode", category)
    json.key("alerts")
    json.beginArray()
    for alert in alerts { alert.write(to: &json) }
    json.endArray()
    json.endObject()
    return json.bytes
  }
}
