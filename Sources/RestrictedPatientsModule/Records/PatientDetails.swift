import ServiceKit
internal import Text

/// A patient with the agencies of its ids, as far as they are known.
struct PatientDetails: Sendable {
  var patient: RestrictedPatient
  var fromLocation: Agency?
  var hospitalLocation: Agency?
  var supportingPrison: Agency?

  init(_ patient: RestrictedPatient, _ agencies: AgencyLists) {
    self.patient = patient
    fromLocation = agencies.prisons[ByteText(patient.fromLocationID)]
    hospitalLocation = agencies.hospitals[ByteText(patient.hospitalLocationCode)]
    supportingPrison = agencies.prisons[ByteText(patient.supportingPrisonID)]
  }

  /// With agencies that are nothing but their ids: what an addition answers (docs/contract/restricted-patients.md
  /// §7.1).
  init(unresolved patient: RestrictedPatient) {
    self.patient = patient
    fromLocation = Agency(id: patient.fromLocationID)
    hospitalLocation = Agency(id: patient.hospitalLocationCode)
    supportingPrison = Agency(id: patient.supportingPrisonID)
  }

  /// `RestrictedPatientDto` (docs/contract/restricted-patients.md §7.1, §7.3): what is not there is left out.
  enum Shape: ObjectShape {
    typealias Value = PatientDetails
    static let name: String? = "RestrictedPatientDto"

    static func declare(_ json: inout some ObjectDescriber<PatientDetails>) {
      json.text("prisonerNumber", .prisonerNumber) { $0.patient.prisonerNumber }
      json.omittableObject("fromLocation", Agency.Shape.self) { $0.fromLocation }
      json.omittableObject("hospitalLocation", Agency.Shape.self) { $0.hospitalLocation }
      json.omittableObject("supportingPrison", Agency.Shape.self) { $0.supportingPrison }
      json.localTime("dischargeTime", .londonTime("When the prisoner went to hospital")) {
        $0.patient.dischargeTime
      }
      json.omittableText("commentText") { $0.patient.commentText }
      json.optionalLocalTime("createDateTime", .londonTime("When the record was created")) {
        $0.patient.createdAt
      }
      json.omittableText("createUserId") { $0.patient.createdBy }
    }
  }
}
