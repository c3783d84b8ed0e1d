internal import Text

/// The agencies that a patient's ids may name, by id.
struct AgencyLists: Equatable, Sendable {
  var prisons: [ByteText: Agency]
  /// Of one that is in both lists, the entry among the hospitals counts, not the one among the secure hospitals.
  var hospitals: [ByteText: Agency]

  init(prisons: [Agency], hospitals: [Agency], secureHospitals: [Agency]) {
    self.prisons = Self.byID(prisons)
    self.hospitals = Self.byID(hospitals + secureHospitals)
  }

  /// Whether each agency that the patient's record names is in a list.
  func haveAgencies(of patient: RestrictedPatient) -> Bool {
    prisons[ByteText(patient.fromLocationID)] != nil && prisons[ByteText(patient.supportingPrisonID)] != nil
      && hospitals[ByteText(patient.hospitalLocationCode)] != nil
  }

  private static func byID(_ agencies: [Agency]) -> [ByteText: Agency] {
    Dictionary(agencies.map { (ByteText($0.id), $0) }) { first, _ in first }
  }
}
