/// A record that is held of a prisoner, as a patient's or in the archive.
struct HeldRecord: Equatable, Sendable {
  var patient: RestrictedPatient
  /// Nil for a patient.
  var removal: ArchivedPatient?
}
