internal import Concurrency
internal import Doubles
internal import HTTPTransport
internal import HTTPTypes
internal import JSON
internal import Postgres
internal import ServiceKit
internal import Time

/// Plays what happens in the prisons: changes the records of the doubles, publishes the events that the real services
/// would, and says what came of it. One for a running all-in-one profile: the console calls ``play(_:)``, `gateway
/// play` and others `POST /play` on the port of the double of HMPPS Auth.
public final class LocalPlay: Sendable {
  /// How long a report waits for the queues, at most.
  private static let patience = Duration.seconds(20)
  /// How long a look at the gateway's tables may take.
  private static let lookLimit = Duration.seconds(10)

  private let records: PrisonRecords
  private let auth: AuthDouble
  private let ledger: PlayLedger
  private let broker: PlayBroker
  let client: HTTPClient
  let gatewayURL: String
  private let london: LondonTime
  private let writer: PrisonEventWriter

  /// - Parameters:
  ///   - records: of the doubles, which scenes change.
  ///   - auth: gives the tokens with which scenes call the gateway.
  ///   - databases: of the hosted modules, by their names; migrated.
  ///   - client: for calling the gateway as a front end does.
  ///   - gatewayURL: where the gateway answers.
  init(
    _ records: PrisonRecords,
    auth: AuthDouble,
    databases: [String: PostgresDatabase],
    broker: PlayBroker,
    client: HTTPClient,
    gatewayURL: String,
    london: LondonTime
  ) {
    self.records = records
    self.auth = auth
    ledger = PlayLedger(databases: databases)
    self.broker = broker
    self.client = client
    self.gatewayURL = gatewayURL
    self.london = london
    writer = PrisonEventWriter(london: london, clock: records.clock)
  }

  /// Plays one scene, waits until the queues are done with its events (20 seconds at most), and reports.
  /// - Throws: `PlayFailure`.
  public func play(_ scene: PlayScene) async throws(PlayFailure) -> PlayReport {
    guard records.prisoner(scene.prisoner) != nil else {
      throw .refused("\(scene.prisoner) is not a prisoner here; prisoner search knows who is")
    }
    let numbers = [scene.prisoner] + (scene.other.map { [$0] } ?? [])
    do {
      let before = try await ledger.state(of: numbers, deadline: client.clock.now() + Self.lookLimit)
      var report = PlayReport()
      for event in try await perform(scene, &report) {
        let id = try await broker.publish(event)
        let deliveries = try await settle(event, id, client.clock.now() + Self.patience)
        report.events.append(
          "\(event.eventType) published as \(id)\(deliveries.isEmpty ? "; no queue asks for it" : "")"
        )
        report.events += deliveries.map { "  \($0.line)" }
      }
      let limit = client.clock.now() + Self.lookLimit
      report.outcome = try await ledger.state(of: numbers, deadline: limit).changes(since: before)
      report.outcome += try await ledger.events(since: before, deadline: limit)
      if report.outcome.isEmpty { report.outcome = ["nothing changed in the gateway"] }
      return report
    } catch let failure as PlayFailure {
      throw failure
    } catch let refusal as RecordsRefusal {
      throw .refused(refusal.text)
    } catch {
      throw .failed("\(error)")
    }
  }

  /// Answers `POST /play` with the body of ``PlayScene``: 200 with a ``PlayReport``, 400 or 500 with `{"error":…}`.
  func respond(to request: ServerRequest) async -> ServerResponse {
    let body = try? await request.body()
    return await answer { () throws(PlayFailure) in
      guard let body else { throw .refused("the body could not be read") }
      return try PlayScene(json: body)
    }
  }

  /// What is answered to somebody who asks for a scene.
  func answer(_ scene: () throws(PlayFailure) -> PlayScene) async -> ServerResponse {
    do throws(PlayFailure) {
      return .json(.ok, try await play(try scene()).json)
    } catch {
      var json = JSONWriter()
      json.beginObject()
      json.field("error", error.description)
      json.endObject()
      if case .refused = error { return .json(.badRequest, json.bytes) }
      return .json(.internalServerError, json.bytes)
    }
  }

  /// Asks until no queue is going to do more with a message soon.
  private func settle(
    _ event: PrisonEvent,
    _ id: String,
    _ deadline: MonotonicInstant
  ) async throws -> [PlayBroker.Delivery] {
    var settled = Set<String>()
    while true {
      let deliveries = try await broker.trail(event, id)
      for delivery in deliveries {
        switch delivery.state {
        case .handled, .dead: settled.insert(delivery.queue)
        // Two failures: what comes next comes after a pause.
        case .waiting(let count): if count > 1 { settled.insert(delivery.queue) }
        }
      }
      if settled.count == deliveries.count || client.clock.now() >= deadline { return deliveries }
      guard await client.clock.pause(for: .milliseconds(20)) else { throw CancellationError() }
    }
  }

  // MARK: What happens

  /// - Returns: the events that the real services would publish now.
  private func perform(_ scene: PlayScene, _ report: inout PlayReport) async throws -> [PrisonEvent] {
    switch scene.event {
    case .merge: try merge(scene, &report)
    case .bookingMoved: try moveBooking(scene, &report)
    case .released: try release(scene, &report)
    case .reception, .received: try receive(scene, &report)
    case .discharge: try await discharge(scene, &report)
    case .removal: try await remove(scene, &report)
    }
  }

  private func other(_ scene: PlayScene) throws(PlayFailure) -> String {
    guard let other = scene.other else { throw .refused("\(scene.event.rawValue) needs a second prisoner") }
    return other
  }

  private func merge(_ scene: PlayScene, _ report: inout PlayReport) throws -> [PrisonEvent] {
    let kept = try other(scene)
    let booking = try records.merge(removed: scene.prisoner, kept: kept)
    report.did.append("merged \(scene.prisoner) into \(kept): \(scene.prisoner) is known no more")
    return [writer.merged(removed: scene.prisoner, kept: kept, booking: booking)]
  }

  private func moveBooking(_ scene: PlayScene, _ report: inout PlayReport) throws -> [PrisonEvent] {
    let new = try other(scene)
    let start = records.movement(of: scene.prisoner)
      .flatMap { $0.type == "ADM" ? LocalDateTime(contractText: $0.moment) : nil }
    let booking = try records.moveBooking(from: scene.prisoner, to: new)
    report.did.append("moved booking \(booking) from \(scene.prisoner) to \(new)")
    return [writer.bookingMoved(booking, from: scene.prisoner, to: new, start: start)]
  }

  private func release(_ scene: PlayScene, _ report: inout PlayReport) throws -> [PrisonEvent] {
    let reason = scene.reason ?? (scene.hospital == nil ? "RELEASED" : "RELEASED_TO_HOSPITAL")
    let prisoner = records.prisoner(scene.prisoner)
    guard let prisoner, prisoner.isActive, let prison = prisoner.prisonID else {
      throw PlayFailure.refused("\(scene.prisoner) is not in a prison, and cannot be released")
    }
    let now = london.local(records.clock.now())
    switch reason {
    case "RELEASED_TO_HOSPITAL":
      let hospital = scene.hospital ?? "HAZLWD"
      guard let agency = records.activeAgency(hospital), agency.isHospital else {
        throw PlayFailure.refused("\(hospital) is not a hospital here")
      }
      let movement = SampleMovement(
        fromAgency: prison,
        toAgency: hospital,
        type: "REL",
        reason: "HP",
        at: now,
        comment: "Psychiatric Hospital Discharge to \(agency.description)"
      )
      records.record(movement, of: scene.prisoner)
      report.did.append("released \(scene.prisoner) from \(prison) to hospital \(hospital)")
    case "TRANSFERRED":
      let movement = SampleMovement(
        fromAgency: prison,
        toAgency: scene.prison ?? "TRN",
        type: "TRN",
        reason: "NOTR",
        at: now
      )
      records.record(movement, of: scene.prisoner)
      report.did.append("\(scene.prisoner) has left \(prison) and is being transferred")
    default:
      let movement = SampleMovement(fromAgency: prison, toAgency: "OUT", type: "REL", reason: "CR", at: now)
      records.record(movement, of: scene.prisoner)
      report.did.append("released \(scene.prisoner) from \(prison)")
    }
    return [writer.released(scene.prisoner, from: prison, reason: reason)]
  }

  private func receive(_ scene: PlayScene, _ report: inout PlayReport) throws -> [PrisonEvent] {
    let prison = scene.prison ?? "MDI"
    guard let agency = records.activeAgency(prison), !agency.isHospital else {
      throw PlayFailure.refused("\(prison) is not a prison here")
    }
    guard let prisoner = records.prisoner(scene.prisoner), let booking = prisoner.bookingID else {
      throw PlayFailure.refused("\(scene.prisoner) has no booking")
    }
    let movement = SampleMovement(
      fromAgency: prisoner.prisonID ?? "OUT",
      toAgency: prison,
      type: "ADM",
      reason: "N",
      at: london.local(records.clock.now())
    )
    records.record(movement, of: scene.prisoner)
    report.did.append("received \(scene.prisoner) into \(prison)")
    return scene.event == .reception
      ? [writer.reception(scene.prisoner, booking: booking, movement)]
      : [writer.received(scene.prisoner, prison: prison, reason: movement.reason)]
  }

  // MARK: What users do

  private func discharge(_ scene: PlayScene, _ report: inout PlayReport) async throws -> [PrisonEvent] {
    let user = try user(scene, otherwise: "RP_TRANSFER_USER")
    let prison = records.prisoner(scene.prisoner)?.prisonID
    let hospital = scene.hospital ?? "HAZLWD"
    var json = JSONWriter()
    json.beginObject()
    json.field("offenderNo", scene.prisoner)
    json.field("fromLocationId", scene.prison ?? prison ?? "MDI")
    json.field("hospitalLocationCode", hospital)
    json.endObject()
    let token = try auth.token(for: user, client: .restrictedPatientsSignIn)
    try await call(.post, "/discharge-to-hospital", token: token, body: json.bytes)
    report.did.append(
      "\(user.username) moved \(scene.prisoner) to hospital \(hospital): POST /discharge-to-hospital"
    )
    return []
  }

  private func remove(_ scene: PlayScene, _ report: inout PlayReport) async throws -> [PrisonEvent] {
    let user = try user(scene, otherwise: "RP_REMOVE_USER")
    let path = "/restricted-patient/prison-number/\(PercentCoding.encode(scene.prisoner))"
    let token = try auth.token(of: .restrictedPatientsFrontEnd, username: user.username)
    try await call(.delete, path, token: token, body: nil)
    report.did.append("\(user.username) removed \(scene.prisoner): DELETE \(path)")
    return []
  }

  private func user(_ scene: PlayScene, otherwise username: String) throws(PlayFailure) -> SampleUser {
    let wanted = scene.user ?? username
    guard let user = SampleUser.named(wanted) else { throw .refused("\(wanted) is not a sample user") }
    return user
  }
}
