internal import Text

/// Whether a patient's prisons and hospital are ones that prison API knows as such. The service replaced did not ask; a
/// deployment may have it asked.
enum KnownAgencies {
  /// - Throws: `RestrictedPatientsError.invalid` for a prison or hospital that is in no list.
  static func check(_ patient: RestrictedPatient, in lists: AgencyLists) throws(RestrictedPatientsError) {
    for (name, prison) in [
      ("fromLocationId", patient.fromLocationID), ("supportingPrisonId", patient.supportingPrisonID),
    ] where lists.prisons[ByteText(prison)] == nil {
      throw .invalid("\(name) must be a prison that prison API knows")
    }
    guard lists.hospitals[ByteText(patient.hospitalLocationCode)] != nil else {
      throw .invalid("hospitalLocationCode must be a hospital that prison API knows")
    }
  }
}
