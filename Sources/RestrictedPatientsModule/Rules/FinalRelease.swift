internal import Time

/// The release by which a patient leaves the hospital for good, as prison API has it.
enum FinalRelease {
  /// Whether prison API has the release that a removal of the patient makes: the last movement, and not of an earlier stay.
  /// - Parameter movements: the prisoner's latest.
  static func isRecorded(of patient: RestrictedPatient, in movements: [Movement]) -> Bool {
    guard let latest = movements.last, latest.isFinalRelease, let time = latest.occurredAt else {
      return false
    }
    return time >= patient.dischargeTime
  }
}
