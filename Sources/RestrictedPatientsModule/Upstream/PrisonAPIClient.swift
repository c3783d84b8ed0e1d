import HTTPTransport
import HTTPTypes
internal import JSON
import ServiceKit
internal import Time

/// Prison API (`restricted-patients.md` §6.2): reads as the service itself, writes on behalf of the user if there is one.
struct PrisonAPIClient: Sendable {
  let service: UpstreamService
  /// The same, on connections of its own: so many changes may hang that no question would find one.
  let changes: UpstreamService

  init(service: UpstreamService, changes: UpstreamService? = nil) {
    self.service = service
    self.changes = changes ?? service
  }

  /// Whether the prisoner has an active booking; false without any booking.
  func hasActiveBooking(
    _ number: String,
    deadline: MonotonicInstant
  ) async throws(UpstreamFailure) -> Bool {
    let call = UpstreamService.Call(
      method: .get,
      url: service.baseURL.path(
        segments: ["api", "bookings", "offenderNo", number],
        query: [("fullInfo", "true"), ("extraInfo", "false"), ("csraSummary", "false")]
      )
    )
    guard let body = try await sendUnlessMissing(call, deadline) else { return false }
    return try service.read(body, of: call) { (value) throws(UnreadableObject) in
      let booking = try LenientObject(value)
      guard booking.integer("bookingId") != nil, booking.text("offenderNo") != nil,
        let isActive = booking.boolean("activeFlag")
      else { throw UnreadableObject(reason: "a booking without bookingId, offenderNo or activeFlag") }
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
    let call = UpstreamService.Call(
      method: .put,
      url: service.baseURL.path(
        segments: ["api", "offenders", patient.prisonerNumber, "discharge-to-hospital"]
      ),
      body: body.bytes,
      user: user,
      isRead: false
    )
    let answer = try await changes.send(call, deadline: deadline)
    try service.read(answer, of: call) { (value) throws(UnreadableObject) in
      _ = try LenientObject(value).requiredText("offenderNo")
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
    let call = UpstreamService.Call(
      method: .post,
      url: service.baseURL.path(
        segments: ["api", "movements", "offenders"],
        query: [("latestOnly", "true"), ("allBookings", "false")]
      ),
      body: body.bytes
    )
    let answer = try await service.send(call, deadline: deadline)
    return try service.read(answer, of: call) { (value) throws(UnreadableObject) in
      try LenientObject.list(value).map { Movement($0) }
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
    let call = UpstreamService.Call(
      method: .post,
      url: service.baseURL.path(segments: ["api", "movements"]),
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
    let call = UpstreamService.Call(
      method: .get,
      url: service.baseURL.path(segments: ["api", "agencies", "type", type.rawValue])
    )
    let answer = try await service.send(call, deadline: deadline)
    return try service.read(answer, of: call) { (value) throws(UnreadableObject) in
      var agencies: [Agency] = []
      for object in try LenientObject.list(value) { agencies.append(try Agency(object)) }
      return agencies
    }
  }

  /// One agency; nil if there is none of this id.
  func agency(_ id: String, deadline: MonotonicInstant) async throws(UpstreamFailure) -> Agency? {
    let call = UpstreamService.Call(
      method: .get,
      url: service.baseURL.path(segments: ["api", "agencies", id])
    )
    guard let body = try await sendUnlessMissing(call, deadline) else { return nil }
    return try service.read(body, of: call) { (value) throws(UnreadableObject) in
      try Agency(LenientObject(value))
    }
  }

  /// Nil for a 404.
  private func sendUnlessMissing(
    _ call: UpstreamService.Call,
    _ deadline: MonotonicInstant
  ) async throws(UpstreamFailure) -> [UInt8]? {
    do {
      return try await service.send(call, deadline: deadline)
    } catch .refused(let answer) where answer.code == 404 {
      return nil
    } catch {
      throw error
    }
  }
}

extension Agency {
  fileprivate init(_ object: LenientObject) throws(UnreadableObject) {
    self.init(
      id: try object.requiredText("agencyId"),
      description: object.text("description"),
      longDescription: object.text("longDescription"),
      type: object.text("agencyType"),
      isActive: object.boolean("active")
    )
  }
}

extension Movement {
  fileprivate init(_ object: LenientObject) {
    self.init(
      fromAgency: object.text("fromAgency"),
      toAgency: object.text("toAgency"),
      type: object.text("movementType"),
      reasonCode: object.text("movementReasonCode"),
      date: object.text("movementDate"),
      time: object.text("movementTime"),
      commentText: object.text("commentText")
    )
  }
}
