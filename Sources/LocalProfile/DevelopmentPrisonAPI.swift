public import HTTPTransport
internal import HTTPTypes
internal import ServiceKit
internal import Synchronization

/// A double of prison API for development and tests (upstreams.md §4): it keeps bookings and movements, and a discharge
/// changes them. It wants a bearer token, but any will do.
public final class DevelopmentPrisonAPI: Sendable {
  private struct State {
    var prisoners: [String: SamplePrisoner]
    var movements: [String: SampleMovement]
  }

  public let faults = FaultPlan()
  private let agencies: [SampleAgency]
  private let state: Mutex<State>

  public convenience init() {
    self.init(prisoners: SamplePrisoner.all, movements: SampleMovement.all, agencies: SampleAgency.all)
  }

  public init(prisoners: [SamplePrisoner], movements: [String: SampleMovement], agencies: [SampleAgency]) {
    self.agencies = agencies
    state = Mutex(
      State(
        prisoners: Dictionary(prisoners.map { ($0.prisonerNumber, $0) }) { first, _ in first },
        movements: movements
      )
    )
  }

  /// A prisoner as things are now: what prisoner search shows too.
  public func prisoner(_ number: String) -> SamplePrisoner? { state.withLock { $0.prisoners[number] } }

  /// A prisoner's latest movement.
  public func movement(of number: String) -> SampleMovement? { state.withLock { $0.movements[number] } }

  /// Puts a prisoner where a movement has brought them; nothing for an unknown one.
  func move(_ number: String, _ movement: SampleMovement) {
    state.withLock { state in
      guard var prisoner = state.prisoners[number] else { return }
      prisoner.leave(reason: movement.reason)
      state.prisoners[number] = prisoner
      state.movements[number] = movement
    }
  }

  /// The HTTP side. Runs on the connection's loop.
  public func respond(to request: ServerRequest) async -> ServerResponse {
    let segments = request.head.target.segments
    if let fault = await faults.meet(path: "/" + segments.joined(separator: "/")) { return fault }
    if request.head.method == .get, segments == ["health", "ping"] { return .ping }
    guard request.head.fields[.authorization]?.lowercased().hasPrefix("bearer ") == true else {
      return ServerResponse(status: .unauthorized, fields: [.wwwAuthenticate: "Bearer"])
    }
    guard segments.first == "api" else { return .notFound }
    let path = Array(segments.dropFirst())
    switch (request.head.method, path.first, path.count) {
    case (.get, "bookings", 3) where path[1] == "offenderNo": return booking(path[2])
    case (.get, "agencies", 3) where path[1] == "type": return list(ofType: path[2])
    case (.get, "agencies", 2): return agency(path[1])
    case (.put, "offenders", 3) where path[2] == "discharge-to-hospital":
      return await discharge(path[1], request)
    case (.post, "movements", 2) where path[1] == "offenders": return await latestMovements(request)
    case (.post, "movements", 1): return await recordMovement(request)
    default: return .notFound
    }
  }

  // MARK: Reading

  private func booking(_ number: String) -> ServerResponse {
    guard let prisoner = prisoner(number), prisoner.bookingID != nil else { return .notFound }
    return Self.answer(prisoner)
  }

  private func agency(_ id: String) -> ServerResponse {
    guard let agency = agencies.first(where: { $0.id == id }) else { return .notFound }
    var json = JSONWriter()
    agency.write(to: &json)
    return .json(.ok, json.bytes)
  }

  private func list(ofType type: String) -> ServerResponse {
    var json = JSONWriter()
    json.beginArray()
    for agency in agencies where agency.type == type { agency.write(to: &json) }
    json.endArray()
    return .json(.ok, json.bytes)
  }

  private func latestMovements(_ request: ServerRequest) async -> ServerResponse {
    guard let body = try? await request.body(), case .array(let elements) = try? JSONValue(parsing: body)
    else { return .json(.badRequest, #"{"status":400,"userMessage":"The body must be a list"}"#) }
    var json = JSONWriter()
    json.beginArray()
    for case .string(let number) in elements { movement(of: number)?.write(of: number, to: &json) }
    json.endArray()
    return .json(.ok, json.bytes)
  }

  // MARK: Writing

  private func discharge(_ number: String, _ request: ServerRequest) async -> ServerResponse {
    guard let body = try? await request.body(), let value = try? JSONValue(parsing: body),
      let fields = try? JSONFields(value), let time = try? fields.text("dischargeTime"),
      let from = try? fields.text("fromLocationId"), let hospital = try? fields.text("hospitalLocationCode"),
      let when = LocalDateTime(contractText: time)
    else { return .json(.badRequest, #"{"status":400,"userMessage":"The body is not a discharge"}"#) }
    guard agencies.contains(where: { $0.id == hospital && $0.isHospital }) else { return .notFound }
    return state.withLock { state in
      guard var prisoner = state.prisoners[number], prisoner.bookingID != nil else { return .notFound }
      prisoner.leave(reason: "HP")
      state.prisoners[number] = prisoner
      state.movements[number] = SampleMovement(
        fromAgency: from,
        toAgency: hospital,
        type: "REL",
        reason: "HP",
        at: when,
        comment: "Psychiatric Hospital Discharge to \(hospital)"
      )
      return Self.answer(prisoner)
    }
  }

  private func recordMovement(_ request: ServerRequest) async -> ServerResponse {
    guard let body = try? await request.body(), let value = try? JSONValue(parsing: body),
      let fields = try? JSONFields(value),
      let booking = (try? fields.text("bookingId")).flatMap({ Int64($0) }),
      let from = try? fields.text("fromAgencyId"), let to = try? fields.text("toAgencyId"),
      let type = try? fields.text("movementType"), let reason = try? fields.text("movementReason"),
      let time = try? fields.text("movementTime"), let when = LocalDateTime(contractText: time)
    else { return .json(.badRequest, #"{"status":400,"userMessage":"The body is not a movement"}"#) }
    return state.withLock { state in
      guard var prisoner = state.prisoners.values.first(where: { $0.bookingID == booking }) else {
        return .notFound
      }
      guard prisoner.prisonID == SamplePrisoner.Place.outside.prisonID else {
        return .json(.badRequest, #"{"status":400,"userMessage":"The booking is active"}"#)
      }
      prisoner.leave(reason: reason)
      state.prisoners[prisoner.prisonerNumber] = prisoner
      state.movements[prisoner.prisonerNumber] = SampleMovement(
        fromAgency: from,
        toAgency: to,
        type: type,
        reason: reason,
        at: when,
        comment: nil
      )
      return ServerResponse(status: .created, fields: [:], body: [])
    }
  }

  private static func answer(_ prisoner: SamplePrisoner) -> ServerResponse {
    var json = JSONWriter()
    let isActive = prisoner.prisonID != SamplePrisoner.Place.outside.prisonID
    json.beginObject()
    json.field("offenderNo", prisoner.prisonerNumber)
    if let booking = prisoner.bookingID { json.field("bookingId", booking) }
    json.field("activeFlag", isActive)
    json.field("agencyId", prisoner.prisonID)
    json.field("inOutStatus", isActive ? "IN" : "OUT")
    json.field("status", isActive ? "ACTIVE IN" : "INACTIVE OUT")
    json.field("lastMovementTypeCode", prisoner.lastMovementTypeCode)
    json.field("lastMovementReasonCode", prisoner.lastMovementReasonCode)
    json.field("firstName", prisoner.firstName)
    json.field("lastName", prisoner.lastName)
    json.endObject()
    return .json(.ok, json.bytes)
  }
}

extension SampleMovement {
  fileprivate init(
    fromAgency: String,
    toAgency: String,
    type: String,
    reason: String,
    at time: LocalDateTime,
    comment: String?
  ) {
    let parts = time.text.prefix { $0 != "." }.split(separator: "T")
    self.init(
      fromAgency: fromAgency,
      toAgency: toAgency,
      type: type,
      reason: reason,
      date: parts.first.map(String.init) ?? "",
      time: parts.last.map(String.init) ?? "",
      comment: comment
    )
  }
}

extension SamplePrisoner {
  fileprivate mutating func leave(reason: String) {
    prisonID = Place.outside.prisonID
    prisonName = Place.outside.name
    cellLocation = nil
    lastMovementTypeCode = "REL"
    lastMovementReasonCode = reason
  }
}
