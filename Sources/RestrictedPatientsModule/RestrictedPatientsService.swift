import Events
import Logging
import ServiceKit
internal import Text
internal import Time

/// The rules of `restricted-patients.md` §7 for reading, adding and changing patients, in the order it gives them.
struct RestrictedPatientsService: Sendable {
  static let migrationComment = "Historical discharge to hospital added to restricted patients"

  let store: RestrictedPatientsStore
  let prisonAPI: PrisonAPIClient
  let agencies: AgencyDirectory
  /// Whether a patient's prisons and hospital must be in prison API's lists, and the discharge in the past (§14.12).
  let checksAgencies: Bool
  let twoPhase: TwoPhaseChanges
  let events: RestrictedPatientEvents
  let telemetry: any Telemetry
  let london: LondonTime
  let clock: any WallClock

  /// §7.3.
  func patient(_ number: String, deadline: MonotonicInstant) async throws -> PatientDetails {
    guard let patient = try await store.find(number, deadline: deadline) else {
      throw RestrictedPatientsError.notFound(number)
    }
    return PatientDetails(patient, try await agencyLists(deadline))
  }

  /// A page of patients, and how many there are on all pages.
  func patients(
    _ query: PatientQuery,
    deadline: MonotonicInstant
  ) async throws -> (patients: [PatientDetails], total: Int64) {
    let (patients, total) = try await store.page(query, deadline: deadline)
    guard !patients.isEmpty else { return ([], total) }
    let lists = try await agencyLists(deadline)
    return (patients.map { PatientDetails($0, lists) }, total)
  }

  /// The prisoner's record, if there is one, and those that were removed.
  func history(
    of number: String,
    deadline: MonotonicInstant
  ) async throws -> (current: RestrictedPatient?, removed: [ArchivedPatient]) {
    let current = try await store.find(number, deadline: deadline)
    let removed = try await store.archived(number, deadline: deadline)
    guard current != nil || !removed.isEmpty else { throw RestrictedPatientsError.notFound(number) }
    return (current, removed)
  }

  /// §7.1.
  func discharge(
    _ request: DischargeRequest,
    by caller: Caller,
    deadline: MonotonicInstant
  ) async throws -> RestrictedPatient {
    try caller.check()
    let now = clock.now()
    let local = london.local(now)
    if checksAgencies, let time = request.dischargeTime, time > local {
      throw RestrictedPatientsError.invalid("dischargeTime must not be in the future")
    }
    let patient = RestrictedPatient(
      prisonerNumber: request.offenderNo,
      fromLocationID: request.fromLocationID,
      hospitalLocationCode: request.hospitalLocationCode,
      supportingPrisonID: request.supportingPrisonID,
      dischargeTime: request.dischargeTime ?? local,
      commentText: request.commentText,
      createdAt: local,
      createdBy: caller.name,
      modifiedAt: local,
      modifiedBy: caller.name
    )
    try await twoPhase.add(
      request.offenderNo,
      by: caller,
      event: events.added(request.offenderNo, at: now),
      deadline: deadline
    ) {
      try await checkAgencies(of: patient, deadline)
      let isActive = try await reportingUpstream { () async throws(UpstreamFailure) in
        try await prisonAPI.hasActiveBooking(request.offenderNo, deadline: deadline)
      }
      guard isActive else { throw RestrictedPatientsError.noActivePrisoner(request.offenderNo) }
      return patient
    }
    telemetry.track(.discharged(patient))
    return patient
  }

  /// §7.2.
  func migrate(
    _ request: MigrateRequest,
    by caller: Caller,
    deadline: MonotonicInstant
  ) async throws -> RestrictedPatient {
    try caller.check()
    let number = request.offenderNo
    let now = clock.now()
    let local = london.local(now)
    let patient = try await twoPhase.add(
      number,
      by: caller,
      event: events.added(number, at: now),
      deadline: deadline
    ) {
      let movements = try await reportingUpstream { () async throws(UpstreamFailure) in
        try await prisonAPI.latestMovements(number, deadline: deadline)
      }
      let (prison, time) = try Self.release(in: movements, of: number)
      let patient = RestrictedPatient(
        prisonerNumber: number,
        fromLocationID: prison,
        hospitalLocationCode: request.hospitalLocationCode,
        supportingPrisonID: prison,
        dischargeTime: time,
        commentText: Self.migrationComment,
        createdAt: local,
        createdBy: caller.name,
        modifiedAt: local,
        modifiedBy: caller.name
      )
      try await checkAgencies(of: patient, deadline)
      return patient
    }
    telemetry.track(.migrated(patient))
    return patient
  }

  /// §7.5.
  func changeSupportingPrison(
    _ request: SupportingPrisonRequest,
    by caller: Caller,
    deadline: MonotonicInstant
  ) async throws -> PatientDetails {
    try caller.check()
    let (number, prison) = (request.offenderNo, request.supportingPrisonID)
    guard let current = try await store.find(number, deadline: deadline) else {
      throw RestrictedPatientsError.notFound(number)
    }
    guard !current.supportingPrisonID.hasSameBytes(as: prison) else {
      throw RestrictedPatientsError.rule(.prisonUnchanged(number, prison))
    }
    let agency = try await reportingUpstream { () async throws(UpstreamFailure) in
      try await prisonAPI.agency(prison, deadline: deadline)
    }
    guard agency != nil else { throw RestrictedPatientsError.rule(.prisonNotFound(prison)) }
    let lists = try await agencyLists(deadline)
    if checksAgencies, lists.prisons[ByteText(prison)] == nil {
      throw RestrictedPatientsError.rule(.prisonNotFound(prison))
    }
    let now = clock.now()
    let patient = try await store.changeSupportingPrison(
      of: number,
      to: prison,
      by: caller.name,
      at: london.local(now),
      event: events.supportingPrisonChanged(number, at: now),
      deadline: deadline
    )
    let details = PatientDetails(patient, lists)
    telemetry.track(.supportingPrisonChanged(details))
    return details
  }

  /// - Throws: `RestrictedPatientsError.invalid` for a prison or hospital that is in no list, where that is checked.
  private func checkAgencies(of patient: RestrictedPatient, _ deadline: MonotonicInstant) async throws {
    guard checksAgencies else { return }
    let lists = try await agencyLists(deadline)
    for (name, prison) in [
      ("fromLocationId", patient.fromLocationID), ("supportingPrisonId", patient.supportingPrisonID),
    ] where lists.prisons[ByteText(prison)] == nil {
      throw RestrictedPatientsError.invalid("\(name) must be a prison that prison API knows")
    }
    guard lists.hospitals[ByteText(patient.hospitalLocationCode)] != nil else {
      throw RestrictedPatientsError.invalid("hospitalLocationCode must be a hospital that prison API knows")
    }
  }

  private func agencyLists(_ deadline: MonotonicInstant) async throws -> AgencyLists {
    try await reportingUpstream { () async throws(UpstreamFailure) in
      try await agencies.lists(deadline: deadline)
    }
  }

  /// The prison and the time of the one movement that a migration wants (§7.2, in its order).
  static func release(
    in movements: [Movement],
    of number: String
  ) throws(RestrictedPatientsError) -> (prison: String, time: LocalDateTime) {
    guard let movement = movements.first else { throw .rule(.noMovements(number)) }
    guard movements.count == 1 else { throw .rule(.multipleMovements(number)) }
    guard movement.type == "REL" else { throw .rule(.notReleased(number)) }
    guard let prison = movement.fromAgency else { throw .rule(.noFromAgency(number)) }
    guard let time = movement.occurredAt else { throw .rule(.dischargeTimeInvalid(number)) }
    try Width.check(prison, "fromAgency", Width.prison)
    return (prison, time)
  }
}

/// Gives an upstream's failure the module's own type.
func reportingUpstream<Value>(
  _ call: () async throws(UpstreamFailure) -> Value
) async throws(RestrictedPatientsError) -> Value {
  do {
    return try await call()
  } catch {
    throw .upstream(error)
  }
}
