internal import RestrictedPatientsModule

/// Prison API as a value, for one prisoner: what it has been told, and what it has made of that.
struct ModelUpstream {
  private(set) var isInHospital = false
  /// Whether a call is refused, which changes nothing.
  var refuses = false

  /// - Returns: false if it refuses.
  mutating func tell(_ operation: ExternalChangeOperation) -> Bool {
    if refuses { return false }
    isInHospital = operation == .add
    return true
  }

  /// Whether it has made the change.
  func has(_ operation: ExternalChangeOperation) -> Bool { isInHospital == (operation == .add) }
}
