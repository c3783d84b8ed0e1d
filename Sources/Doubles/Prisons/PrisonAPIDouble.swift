internal import Concurrency
public import HTTPTransport
internal import HTTPTypes
internal import JSON
public import Time

/// A double of prison API for development and tests (docs/contract/upstreams.md §4): it shows bookings and movements,
/// and a discharge changes them. It wants a bearer token, but any will do.
public final class PrisonAPIDouble: Sendable {
  /// Faults that the next requests meet.
  public let faults = FaultPlan()
  let records: PrisonRecords
  private let events: PrisonEventWriter
  private let indexing: Duration

  /// - Parameters:
  ///   - london: for the times in events.
  ///   - indexing: how long after a change prisoner search tells of it, when it has read the prisoner again.
  public init(
    records: PrisonRecords,
    london: LondonTime,
    indexing: Duration = .milliseconds(500)
  ) {
    self.records = records
    self.indexing = indexing
    events = PrisonEventWriter(london: london, clock: records.clock)
  }

  /// A prisoner as things are now.
  public func prisoner(_ number: String) -> SamplePrisoner? { records.prisoner(number) }

  /// The HTTP side. Runs on the connection's loop.
  public func respond(to request: ServerRequest) async -> ServerResponse {
    let segments = request.head.target.segments
    if let fault = await faults.meet(path: "/" + segments.joined(separator: "/"), by: request.clock) {
      return fault
    }
    if request.head.method == .get, segments == ["health", "ping"] { return .ping }
    guard request.head.fields[.authorization]?.lowercased().hasPrefix("bearer ") == true else {
      return ServerResponse(status: .unauthorized, fields: [.wwwAuthenticate: "Bearer"])
    }
    guard segments.first == "api" else { return .notFound }
    let path = Array(segments.dropFirst())
    switch (request.head.method, path.first, path.count) {
    case (.get, "bookings", 3) where path[1] == "offenderNo": return booking(path[2])
    case (.get, "agencies", 3) where path[1] == "type":
      return list(ofType: path[2], request.head.target.query)
    case (.get, "agencies", 2): return agency(path[1], request.head.target.query)
    case (.get, "bookings", 5) where path[1] == "offenderNo" && path[3] == "image" && path[4] == "data":
      return image(path[2])
    case (.get, "offenders", 2): return offender(path[1])
    case (.get, "users", 2): return user(path[1])
    case (.put, "offenders", 3) where path[2] == "discharge-to-hospital":
      return await discharge(path[1], request)
    case (.post, "movements", 2) where path[1] == "offenders": return await latestMovements(request)
    case (.post, "movements", 1): return await recordMovement(request)
    default: return .notFound
    }
  }

  // MARK: Reading

  private func booking(_ number: String) -> ServerResponse {
    guard let prisoner = records.prisoner(number), prisoner.bookingID != nil else { return .notFound }
    return .json(.ok, prisoner.booking)
  }

  /// Closed ones are there only for those who ask for them; `active` is no parameter that prison API knows.
  private func isWanted(_ agency: SampleAgency, _ query: QueryParameters) -> Bool {
    agency.isActive || query["activeOnly"] == "false"
  }

  private func agency(_ id: String, _ query: QueryParameters) -> ServerResponse {
    guard let agency = records.agencies.first(where: { $0.id == id }), isWanted(agency, query) else {
      return Self.refusal(.unknown("Agency with id \(id) not found."))
    }
    var json = JSONWriter()
    agency.write(to: &json)
    return .json(.ok, json.bytes)
  }

  private func list(ofType type: String, _ query: QueryParameters) -> ServerResponse {
    var json = JSONWriter()
    json.beginArray()
    for agency in records.agencies where agency.type == type && isWanted(agency, query) {
      agency.write(to: &json)
    }
    json.endArray()
    return .json(.ok, json.bytes)
  }

  private func offender(_ number: String) -> ServerResponse {
    records.prisoner(number).map { .json(.ok, $0.offender) } ?? .notFound
  }

  private func user(_ username: String) -> ServerResponse {
    guard let user = SampleUser.named(username) else { return .notFound }
    var json = JSONWriter()
    json.beginObject()
    if let staffID = user.staffID { json.field("staffId", staffID) }
    json.field("username", user.username)
    json.field("firstName", user.firstName)
    json.field("lastName", user.lastName)
    json.fieldIfPresent("activeCaseLoadId", user.activeCaseLoadID)
    json.field("active", true)
    json.endObject()
    return .json(.ok, json.bytes)
  }

  private func image(_ number: String) -> ServerResponse {
    guard let prisoner = records.prisoner(number), prisoner.bookingID != nil else { return .notFound }
    return ServerResponse(
      status: .ok,
      fields: [.contentType: "image/jpeg"],
      body: SamplePortrait.jpeg(of: prisoner.prisonerNumber)
    )
  }

  private func latestMovements(_ request: ServerRequest) async -> ServerResponse {
    guard let body = try? await request.body(), case .array(let elements) = try? JSONValue(parsing: body)
    else { return .json(.badRequest, #"{"status":400,"userMessage":"The body must be a list"}"#) }
    var json = JSONWriter()
    json.beginArray()
    for case .string(let number) in elements { records.movement(of: number)?.write(of: number, to: &json) }
    json.endArray()
    return .json(.ok, json.bytes)
  }

  // MARK: Writing

  private func discharge(_ number: String, _ request: ServerRequest) async -> ServerResponse {
    guard let fields = await Self.fields(request), let time = try? fields.text("dischargeTime"),
      let from = try? fields.text("fromLocationId"), let hospital = try? fields.text("hospitalLocationCode"),
      let when = LocalDateTime(contractText: time)
    else { return Self.refusal(.refused("The body is not a discharge")) }
    if let prison = (try? fields.optionalText("supportingPrisonId")) ?? nil, prison.count != 3 {
      return Self.refusal(.refused("supportingPrisonId must have 3 characters"))
    }
    if let comment = (try? fields.optionalText("commentText")) ?? nil, comment.count > 240 {
      return Self.refusal(.refused("commentText must have at most 240 characters"))
    }
    let wasActive = records.prisoner(number)?.isActive == true
    do throws(RecordsRefusal) {
      let description = records.activeAgency(hospital)?.description ?? hospital
      let prisoner = try records.discharge(
        number,
        SampleMovement(
          fromAgency: from,
          toAgency: hospital,
          type: "REL",
          reason: "HP",
          at: when,
          comment: "Psychiatric Hospital Discharge to \(description)"
        )
      )
      if wasActive {
        announce(events.released(number, from: from, reason: "RELEASED_TO_HOSPITAL"), request.clock)
      }
      return .json(.ok, prisoner.booking)
    } catch {
      return Self.refusal(error)
    }
  }

  private func recordMovement(_ request: ServerRequest) async -> ServerResponse {
    guard let fields = await Self.fields(request),
      let booking = (try? fields.text("bookingId")).flatMap({ Int64($0) }),
      let from = try? fields.text("fromAgencyId"), let to = try? fields.text("toAgencyId"),
      let type = try? fields.text("movementType"), let reason = try? fields.text("movementReason"),
      let time = try? fields.text("movementTime"), let when = LocalDateTime(contractText: time)
    else { return Self.refusal(.refused("The body is not a movement")) }
    do throws(RecordsRefusal) {
      let prisoner = try records.moveInactive(
        booking: booking,
        SampleMovement(fromAgency: from, toAgency: to, type: type, reason: reason, at: when)
      )
      announce(events.updated(prisoner.prisonerNumber), request.clock)
      return ServerResponse(status: .created, fields: [:], body: [])
    } catch {
      return Self.refusal(error)
    }
  }

  /// Prisoner search tells of a change once it has noticed it; whoever made the change does not wait for that.
  private func announce(_ event: PrisonEvent, _ clock: any MonotonicClock) {
    guard let publisher = records.publisher else { return }
    // Where the request's clock has its timers.
    Task(executorPreference: preferredExecutor()) { [indexing] in
      await clock.pause(for: indexing)
      try? await publisher(event)
    }
  }

  private static func fields(_ request: ServerRequest) async -> JSONObject? {
    guard let body = try? await request.body(), let value = try? JSONValue(parsing: body) else { return nil }
    return try? JSONObject(value)
  }

  private static func refusal(_ refusal: RecordsRefusal) -> ServerResponse {
    let status: HTTPResponse.Status =
      switch refusal {
      case .unknown: .notFound
      case .refused: .badRequest
      }
    var json = JSONWriter()
    json.beginObject()
    json.field("status", Int64(status.code))
    json.field("userMessage", refusal.text)
    json.field("developerMessage", refusal.text)
    json.endObject()
    return .json(status, json.bytes)
  }
}
