internal import Time

/// The one movement that a migration wants: the release by which a prisoner went to hospital before there were restricted
/// patients (docs/contract/restricted-patients.md §7.2, in its order).
struct HistoricalRelease: Equatable, Sendable {
  let prison: String
  let time: LocalDateTime

  /// - Parameter movements: the prisoner's latest.
  /// - Throws: the rule that they do not meet.
  init(_ movements: [Movement], of number: String) throws(RestrictedPatientsError) {
    guard let movement = movements.first else { throw .noMovements(number) }
    guard movements.count == 1 else { throw .multipleMovements(number) }
    guard movement.type == "REL" else { throw .notReleased(number) }
    guard let prison = movement.fromAgency else { throw .noFromAgency(number) }
    guard let time = movement.occurredAt else { throw .dischargeTimeInvalid(number) }
    try ColumnLimit.check(prison, "fromAgency", ColumnLimit.prison)
    (self.prison, self.time) = (prison, time)
  }
}
