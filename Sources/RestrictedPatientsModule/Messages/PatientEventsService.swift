import Events
import Logging
import ServiceKit
internal import Text
internal import Time

/// A merge that touches a patient: a person must say what becomes of the record (`restricted-patients.md` §10.1, §11).
/// The message fails until then.
public struct MergeNotImplemented: Error, Equatable, CustomStringConvertible {
  /// The contract's text, which names both prisoners: for debug logs only.
  public let message: String

  public var description: String {
    "Merge not implemented: a restricted patient is concerned; see GET /restricted-patients/merges"
  }
}

/// What events of others do to patients (`restricted-patients.md` §10). An event handled twice changes nothing the second
/// time.
struct PatientEventsService: Sendable {
  /// Two calls of prison API and the database, at the most.
  private static let timeout = Duration.seconds(50)

  let store: RestrictedPatientsStore
  let prisonAPI: PrisonAPIClient
  let events: RestrictedPatientEvents
  let telemetry: any Telemetry
  let london: LondonTime
  let clock: any WallClock
  let logger: Logger

  func subscribe(to bus: EventBus, as name: String) {
    bus.subscribe(to: PrisonerMerged.self, as: name) { event in
      try await merged(removed: event.removed, kept: event.kept)
    }
    bus.subscribe(to: PrisonerReleased.self, as: name) { event in
      try await released(event.number, reason: event.reason)
    }
    bus.subscribe(to: PrisonerReceived.self, as: name) { event in
      try await received(event.number, limit: event.limit)
    }
    bus.subscribe(to: UnexpectedEvent.self, as: name) { event in
      logger.warning("Unexpected \(event.kind) event received: \(event.type)")
    }
  }

  /// §10.1. Neither number has a record, or a person has decided: done. Else the merge is written down, and fails.
  private func merged(removed: String, kept: String) async throws {
    let sighting = try await store.sightMerge(
      removed: removed,
      kept: kept,
      at: london.local(clock.now()),
      deadline: .now() + Self.timeout
    )
    switch sighting {
    case .settled: logger.debug("a merge concerns no restricted patient, or is resolved")
    case .stuck(let patient, let isFirst):
      if isFirst { telemetry.track(.mergeStuck(removed: removed, kept: kept)) }
      let hospital = patient.hospitalLocationCode
      let error = MergeNotImplemented(
        message: patient.prisonerNumber.hasSameBytes(as: removed)
          ? "Merge not implemented. Patient \(removed) was at hospital \(hospital) but record merged into \(kept)"
          // Two blanks before "Record": so it always was.
          : "Merge not implemented. Patient \(kept) is at hospital \(hospital).  Record merged from \(removed)"
      )
      logger.error("\(error)")
      logger.debug("\(error.message)")
      throw error
    }
  }

  /// §10.2. Whether there is a record already is asked first: it costs nothing (§14.21).
  private func released(_ number: String, reason: String) async throws {
    guard reason == "RELEASED_TO_HOSPITAL" else { return }
    let deadline = MonotonicInstant.now() + Self.timeout
    guard try await store.find(number, deadline: deadline) == nil else {
      return ignore(number, "as they are already a restricted patient")
    }
    let movements = try await reportingUpstream { () async throws(UpstreamFailure) in
      try await prisonAPI.latestMovements(number, deadline: deadline)
    }
    guard let movement = movements.last, movement.isReleaseToHospital else {
      return ignore(number, "as last movement not to a hospital")
    }
    guard let hospital = try await hospital(of: movement, deadline) else {
      logger.error("Ignoring release of prisoner due to unrecognised hospital \(movement.toAgency ?? "null")")
      return
    }
    guard let prison = movement.fromAgency else { throw RestrictedPatientsError.rule(.noFromAgency(number)) }
    guard let time = movement.occurredAt else {
      throw RestrictedPatientsError.rule(.dischargeTimeInvalid(number))
    }
    let now = clock.now()
    let local = london.local(now)
    let patient = RestrictedPatient(
      prisonerNumber: number,
      fromLocationID: prison,
      hospitalLocationCode: hospital.id,
      supportingPrisonID: prison,
      dischargeTime: time,
      commentText: movement.commentText,
      createdAt: local,
      modifiedAt: local
    )
    let isNew = try await store.insertIfAbsent(
      patient,
      event: events.added(number, at: now),
      deadline: deadline
    )
    guard isNew else { return ignore(number, "as they are already a restricted patient") }
    telemetry.track(.addedByEvent(patient))
  }

  /// §10.3. A reception from before the discharge is of an earlier stay, or late (§14.20).
  private func received(_ number: String, limit: RestrictedPatientsStore.Limit) async throws {
    let now = clock.now()
    let removed = try await store.removeIfPresent(
      number,
      .init(at: london.local(now), by: nil, cause: .reception),
      limit: limit,
      event: events.removed(number, at: now),
      deadline: .now() + Self.timeout
    )
    guard removed != nil else {
      return logger.debug("a reception concerns no restricted patient")
    }
    telemetry.track(.removedOnReception(number))
  }

  private func hospital(of movement: Movement, _ deadline: MonotonicInstant) async throws -> Agency? {
    guard let id = movement.toAgency else { return nil }
    let agency = try await reportingUpstream { () async throws(UpstreamFailure) in
      try await prisonAPI.agency(id, deadline: deadline)
    }
    return agency.flatMap { $0.isHospital ? $0 : nil }
  }

  private func ignore(_ number: String, _ reason: String) {
    logger.info("Ignoring release of prisoner \(reason)")
    logger.debug("Ignoring release of prisoner \(number) \(reason)")
  }
}
