internal import JSON
import ServiceKit
internal import Text
internal import Time

extension RestrictedPatientsModule {
  /// What the module tells about a person (docs/contract/restricted-patients.md §7.7).
  var subjectAccess: any SubjectAccessSource {
    RestrictedPatientsSubjectAccess(store: store, prisonAPI: prisonAPI)
  }
}

/// The prisoner's record with the name of the hospital (docs/contract/restricted-patients.md §7.7), or the last one
/// that was removed, and those before it. They have no dates that a request could be about, so every request is
/// answered in full; a row that an event made has no author, and says so by leaving it out.
struct RestrictedPatientsSubjectAccess: SubjectAccessSource {
  let store: RestrictedPatientsStore
  let prisonAPI: PrisonAPIClient

  func content(
    for request: SubjectAccessRequest,
    deadline: MonotonicInstant
  ) async throws -> SubjectAccessContent {
    let number = request.prisonerNumber
    let current = try await store.find(number, deadline: deadline)
    let held =
      (current.map { [HeldRecord(patient: $0)] } ?? [])
      + (try await store.archived(number, deadline: deadline).map {
        HeldRecord(patient: $0.patient, removal: $0)
      })
    guard let newest = held.first else { return .unheldUnverified }
    let hospitals = try await hospitalNames(held.map(\.patient.hospitalLocationCode), deadline)
    var writer = JSONWriter(capacity: 1024)
    writer.beginObject()
    write(newest, hospitals, to: &writer)
    if held.count > 1 {
      writer.key("earlierRecords")
      writer.beginArray()
      for earlier in held.dropFirst() {
        writer.beginObject()
        write(earlier, hospitals, to: &writer)
        writer.endObject()
      }
      writer.endArray()
    }
    writer.endObject()
    return .document(writer.bytes)
  }

  /// The descriptions of those hospitals that have one, by code.
  private func hospitalNames(_ codes: [String], _ deadline: MonotonicInstant) async throws -> [ByteText:
    String]
  {
    var names: [ByteText: String] = [:]
    for code in Set(codes.map { ByteText($0) }).map(\.text).sorted() {
      names[ByteText(code)] = try await reportingUpstream { () async throws(UpstreamFailure) in
        try await prisonAPI.agency(code, deadline: deadline)
      }?.description
    }
    return names
  }

  private func write(_ held: HeldRecord, _ hospitals: [ByteText: String], to writer: inout JSONWriter) {
    let patient = held.patient
    let code = patient.hospitalLocationCode
    writer.field("prisonerNumber", patient.prisonerNumber)
    writer.field("supportingPrisonId", patient.supportingPrisonID)
    writer.field("hospitalLocationCode", code)
    writer.field("hospitalLocationDescription", hospitals[ByteText(code)] ?? code)
    writer.field("dischargeTime", patient.dischargeTime)
    if let comment = patient.commentText { writer.field("commentText", comment) }
    writer.field("createdDate", patient.createdAt)
    if let author = patient.createdBy { writer.field("createdUsername", author) }
    if let time = patient.modifiedAt { writer.field("modifiedDate", time) }
    if let author = patient.modifiedBy { writer.field("modifiedUsername", author) }
    guard let removal = held.removal else { return }
    writer.field("removedDate", removal.removedAt)
    if let author = removal.removedBy { writer.field("removedUsername", author) }
  }
}
