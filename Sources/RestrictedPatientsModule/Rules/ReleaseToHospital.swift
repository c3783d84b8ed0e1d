internal import Time

/// The release to a hospital that an event tells of (docs/contract/restricted-patients.md §10.2): the last of the prisoner's
/// latest movements.
struct ReleaseToHospital: Equatable, Sendable {
  let movement: Movement
  /// Where the prisoner went, which need not be a hospital that prison API knows.
  var destination: String? { movement.toAgency }

  /// - Returns: nil if the prisoner's last movement was no release to a hospital.
  init?(_ movements: [Movement]) {
    guard let movement = movements.last, movement.isReleaseToHospital else { return nil }
    self.movement = movement
  }

  /// The record of the patient, which has no author.
  /// - Throws: the rule that the movement does not meet.
  func patient(
    _ number: String,
    in hospital: Agency,
    at now: LocalDateTime
  ) throws(RestrictedPatientsError) -> RestrictedPatient {
    guard let prison = movement.fromAgency else { throw .noFromAgency(number) }
    guard let time = movement.occurredAt else { throw .dischargeTimeInvalid(number) }
    return RestrictedPatient(
      prisonerNumber: number,
      fromLocationID: prison,
      hospitalLocationCode: hospital.id,
      supportingPrisonID: prison,
      dischargeTime: time,
      commentText: movement.commentText,
      createdAt: now,
      modifiedAt: now
    )
  }
}
