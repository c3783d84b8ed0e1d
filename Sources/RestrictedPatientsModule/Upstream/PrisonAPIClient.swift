import HTTPTypes
internal import JSON
import ServiceKit
internal import Time

/// Prison API (docs/contract/restricted-patients.md §6.2): reads as the service itself, writes on behalf of the user if
/// there is one.
struct PrisonAPIClient: Sendable {
  let upstream: UpstreamClient
  /// The same, on connections of its own: so many changes may hang that no question would find one.
  let changes: UpstreamClient

  /// - Parameter changes: nil where nothing is changed.
  init(_ upstream: UpstreamClient, changes: UpstreamClient? = nil) {
    self.upstream = upstream
    self.changes = changes ?? upstream
  }

  /// Whether the prisoner has an active booking; false without any booking.
  func hasActiveBooking(
    _ number: String,
    deadline: MonotonicInstant
  ) async throws(UpstreamFailure) -> Bool {
    let call = upstream.call(
      .get,
      ["api", "bookings", "offenderNo", number],
      query: [("fullInfo", "true"), ("extraInfo", "false"), ("csraSummary", "false")]
    )
    guard let body = try await sendUnlessMissing(call, deadline) else { return false }
    return try call.read(body) { (value) throws(JSONObjectError) in
      let booking = try JSONObject(value)
      guard booking.integer("bookingId") != nil, booking.scalar("offenderNo") != nil,
        let isActive = booking.boolean("activeFlag")
      else { throw JSONObjectError("a booking without bookingId, offenderNo or activeFlag") }
      return isActive
    }
  }

  /// Discharges the patient's prisoner to hospital.
  func discharge(
    _ patient: RestrictedPatient,
    user: String?,
    deadline: MonotonicInstant
  ) async throws(UpstreamFailure) {
    var body = JSONWriter(capacity: 256)
    body.beginObject()
    body.field("dischargeTime", patient.dischargeTime.shortText)
    body.field("fromLocationId", patient.fromLocationID)
    body.field("hospitalLocationCode", patient.hospitalLocationCode)
    body.field("supportingPrisonId", patient.supportingPrisonID)
    body.endObject()
    let call = upstream.call(
      .put,
      ["api", "offenders", patient.prisonerNumber, "discharge-to-hospital"],
      body: body.bytes,
      user: user,
      isRead: false
    )
    let answer = try await changes.send(call, deadline: deadline)
    try call.read(answer) { (value) throws(JSONObjectError) in
      _ = try JSONObject(value).requiredScalar("offenderNo")
    }
  }

  /// The prisoner's latest movements.
  func latestMovements(
    _ number: String,
    deadline: MonotonicInstant
  ) async throws(UpstreamFailure) -> [Movement] {
    var body = JSONWriter(capacity: 32)
    body.beginArray()
    body.value(number)
    body.endArray()
    let call = upstream.call(
      .post,
      ["api", "movements", "offenders"],
      query: [("latestOnly", "true"), ("allBookings", "false")],
      body: body.bytes
    )
    let answer = try await upstream.send(call, deadline: deadline)
    return try call.read(answer) { (value) throws(JSONObjectError) in
      try JSONObject.list(value).map { Movement($0) }
    }
  }

  /// Records that a patient has left the hospital for good.
  /// - Parameter time: sent without its fraction.
  func recordRelease(
    bookingID: Int64,
    from hospital: String,
    at time: LocalDateTime,
    user: String?,
    deadline: MonotonicInstant
  ) async throws(UpstreamFailure) {
    var body = JSONWriter(capacity: 256)
    body.beginObject()
    body.field("bookingId", bookingID)
    body.field("fromAgencyId", hospital)
    body.field("toAgencyId", "OUT")
    body.field("movementTime", time.secondsText)
    body.field("movementType", "REL")
    body.field("movementReason", "CR")
    body.field("directionCode", "OUT")
    body.endObject()
    let call = upstream.call(
      .post,
      ["api", "movements"],
      body: body.bytes,
      user: user,
      isRead: false
    )
    _ = try await changes.send(call, deadline: deadline)
  }

  func agencies(
    _ type: AgencyType,
    deadline: MonotonicInstant
  ) async throws(UpstreamFailure) -> [Agency] {
    let call = upstream.call(
      .get,
      ["api", "agencies", "type", type.rawValue]
    )
    let answer = try await upstream.send(call, deadline: deadline)
    return try call.read(answer) { (value) throws(JSONObjectError) in
      var agencies: [Agency] = []
      for object in try JSONObject.list(value) { agencies.append(try Agency(object)) }
      return agencies
    }
  }

  /// One agency; nil if there is none of this id.
  func agency(_ id: String, deadline: MonotonicInstant) async throws(UpstreamFailure) -> Agency? {
    let call = upstream.call(
      .get,
      ["api", "agencies", id]
    )
    guard let body = try await sendUnlessMissing(call, deadline) else { return nil }
    return try call.read(body) { (value) throws(JSONObjectError) in
      try Agency(JSONObject(value))
    }
  }

  /// Nil for a 404, and for a success that says nothing (docs/contract/restricted-patients.md §6.4).
  private func sendUnlessMissing(
    _ call: UpstreamCall,
    _ deadline: MonotonicInstant
  ) async throws(UpstreamFailure) -> [UInt8]? {
    do {
      let body = try await upstream.send(call, deadline: deadline)
      return body.isEmpty ? nil : body
    } catch .refused(let answer) where answer.code == 404 {
      return nil
    } catch {
      throw error
    }
  }
}

extension Agency {
  fileprivate init(_ object: JSONObject) throws(JSONObjectError) {
    self.init(
      id: try object.requiredScalar("agencyId"),
      description: object.scalar("description"),
      longDescription: object.scalar("longDescription"),
      type: object.scalar("agencyType"),
      isActive: object.boolean("active")
    )
  }
}

extension Movement {
  fileprivate init(_ object: JSONObject) {
    self.init(
      fromAgency: object.scalar("fromAgency"),
      toAgency: object.scalar("toAgency"),
      type: object.scalar("movementType"),
      reasonCode: object.scalar("movementReasonCode"),
      date: object.scalar("movementDate"),
      time: object.scalar("movementTime"),
      commentText: object.scalar("commentText")
    )
  }
}
