import EventLoops
import ServiceKit

/// The prisoner's record with the name of the hospital (`restricted-patients.md` §7.7). It has no dates that a request
/// could be about, so every request is answered in full; a row that an event made has no author, and says so by leaving
/// it out.
struct RestrictedPatientsSubjectAccess: SubjectAccessSource {
  let store: RestrictedPatientsStore
  let prisonAPI: PrisonAPIClient

  func content(
    for request: SubjectAccessRequest,
    deadline: MonotonicInstant
  ) async throws -> SubjectAccessContent {
    guard let patient = try await store.find(request.prisonerNumber, deadline: deadline) else {
      return .unheldUnverified
    }
    let code = patient.hospitalLocationCode
    let hospital: Agency?
    do {
      hospital = try await prisonAPI.agency(code, deadline: deadline)
    } catch {
      throw RestrictedPatientsError.upstream(error)
    }
    var writer = JSONWriter(capacity: 1024)
    writer.beginObject()
    writer.field("prisonerNumber", patient.prisonerNumber)
    writer.field("supportingPrisonId", patient.supportingPrisonID)
    writer.field("hospitalLocationCode", code)
    writer.field("hospitalLocationDescription", hospital?.description ?? code)
    writer.field("dischargeTime", patient.dischargeTime)
    if let comment = patient.commentText { writer.field("commentText", comment) }
    writer.field("createdDate", patient.createdAt)
    if let author = patient.createdBy { writer.field("createdUsername", author) }
    if let time = patient.modifiedAt { writer.field("modifiedDate", time) }
    if let author = patient.modifiedBy { writer.field("modifiedUsername", author) }
    writer.endObject()
    return .document(writer.bytes)
  }
}

/// How the central service for subject access requests lays the content out in its report (§7.8): a mustache template in
/// its own dialect.
enum SubjectAccessTemplate {
  static let text = """
    <h1 class="title">Restricted Patients</h1>
    {{#.}}
    <table class="summary-list">
      <tr><td>Prisoner number</td><td>{{ optionalValue prisonerNumber }}</td></tr>
      <tr><td>Discharge time</td><td>{{ formatDate dischargeTime }}</td></tr>
      <tr><td>Hospital location</td><td>{{ optionalValue hospitalLocationDescription }}</td></tr>
      <tr><td>Supporting prison</td><td>{{ getPrisonName supportingPrisonId }}</td></tr>
      <tr><td>Comment</td><td>{{ optionalValue commentText }}</td></tr>
      <tr><td>Created date</td><td>{{ formatDate createdDate }}</td></tr>
      <tr><td>Created by</td><td>{{ optionalValue (getUserLastName createdUsername) }}</td></tr>
      <tr><td>Modified date</td><td>{{ optionalValue (formatDate modifiedDate) }}</td></tr>
      <tr><td>Modified by</td><td>{{ optionalValue (getUserLastName modifiedUsername) }}</td></tr>
    </table>
    {{/.}}
    {{^.}}
    <p>No data held</p>
    {{/.}}
    """
}
