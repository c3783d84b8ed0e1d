internal import JSON
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

  /// With agencies that are nothing but their ids: what an addition answers (§7.1).
  init(unresolved patient: RestrictedPatient) {
    self.patient = patient
    fromLocation = Agency(id: patient.fromLocationID)
    hospitalLocation = Agency(id: patient.hospitalLocationCode)
    supportingPrison = Agency(id: patient.supportingPrisonID)
  }

  /// `RestrictedPatientDto` (§7.1, §7.3): what is not there is left out.
  func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.field("prisonerNumber", patient.prisonerNumber)
    write("fromLocation", fromLocation, to: &writer)
    write("hospitalLocation", hospitalLocation, to: &writer)
    write("supportingPrison", supportingPrison, to: &writer)
    writer.field("dischargeTime", patient.dischargeTime)
    if let comment = patient.commentText { writer.field("commentText", comment) }
    writer.field("createDateTime", patient.createdAt)
    if let user = patient.createdBy { writer.field("createUserId", user) }
    writer.endObject()
  }

  private func write(_ key: StaticString, _ agency: Agency?, to writer: inout JSONWriter) {
    guard let agency else { return }
    writer.key(key)
    agency.write(to: &writer)
  }
}

extension RestrictedPatient {
  /// The row itself (§7.4): ten keys, nulls written.
  func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writeFields(to: &writer)
    writer.endObject()
  }

  fileprivate func writeFields(to writer: inout JSONWriter) {
    writer.field("prisonerNumber", prisonerNumber)
    writer.field("fromLocationId", fromLocationID)
    writer.field("hospitalLocationCode", hospitalLocationCode)
    writer.field("supportingPrisonId", supportingPrisonID)
    writer.field("dischargeTime", dischargeTime)
    writer.field("commentText", commentText)
    writer.field("createDateTime", createdAt)
    writer.field("createUserId", createdBy)
    writer.field("modifyDateTime", modifiedAt)
    writer.field("modifyUserId", modifiedBy)
  }
}

extension ArchivedPatient {
  /// The row's ten keys, then when, by whom and why it was removed.
  func write(to writer: inout JSONWriter) {
    writer.beginObject()
    patient.writeFields(to: &writer)
    writer.field("removedDateTime", removedAt)
    writer.field("removedUserId", removedBy)
    writer.field("removedBecause", cause.rawValue)
    writer.endObject()
  }
}
