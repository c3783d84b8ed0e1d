internal import JSON

/// A prisoner in prisoner search's shape (docs/contract/upstreams.md §3, §5.1).
extension SamplePrisoner {
  /// `Outside - released from Moorland`; nil for somebody who is in a prison.
  var locationDescription: String? {
    guard prisonID == Place.outside.prisonID else {
      return prisonID == Place.transfer.prisonID ? Place.transfer.name : nil
    }
    return lastMovementReasonCode.hasPrefix("H")
      ? "Outside - released to hospital" : "Outside - released from prison"
  }

  /// Writes the prisoner as a JSON object, in prisoner search's order, without the members that have no value.
  /// - Parameters:
  ///   - wanted: the fields to write; nil for all of them.
  ///   - patient: what is known of the prisoner as a restricted patient.
  func write(to json: inout JSONWriter, fields wanted: Set<String>?, patient: SearchedPatient? = nil) {
    func wants(_ name: String) -> Bool { wanted?.contains(name) ?? true }
    json.beginObject()
    if wants("prisonerNumber") { json.field("prisonerNumber", prisonerNumber) }
    if wants("bookingId") {
      // Prisoner search writes it as text.
      json.fieldIfPresent("bookingId", bookingID.map(String.init))
    }
    if wants("firstName") { json.field("firstName", firstName) }
    if wants("lastName") { json.field("lastName", lastName) }
    if wants("dateOfBirth") { json.field("dateOfBirth", dateOfBirth) }
    if wants("prisonId") { json.fieldIfPresent("prisonId", prisonID) }
    if wants("prisonName") { json.fieldIfPresent("prisonName", prisonName) }
    if wants("cellLocation") { json.fieldIfPresent("cellLocation", cellLocation) }
    if wants("locationDescription") { json.fieldIfPresent("locationDescription", locationDescription) }
    // The restricted patients front end takes null for a date that is past.
    if wants("conditionalReleaseDate") {
      json.fieldIfPresent("conditionalReleaseDate", conditionalReleaseDate)
    }
    if wants("sentenceExpiryDate") { json.fieldIfPresent("sentenceExpiryDate", sentenceExpiryDate) }
    if wants("recall") { json.field("recall", isRecall) }
    if wants("indeterminateSentence") { json.field("indeterminateSentence", isIndeterminateSentence) }
    if wants("legalStatus") { json.field("legalStatus", legalStatus) }
    if wants("lastMovementTypeCode") { json.field("lastMovementTypeCode", lastMovementTypeCode) }
    if wants("lastMovementReasonCode") { json.field("lastMovementReasonCode", lastMovementReasonCode) }
    if wants("category") { json.field("category", category) }
    if wants("alerts") {
      json.key("alerts")
      json.beginArray()
      for alert in alerts { alert.write(to: &json) }
      json.endArray()
    }
    if wants("restrictedPatient") { json.field("restrictedPatient", patient != nil) }
    if wanted == nil { patient?.writeMembers(to: &json) }
    json.endObject()
  }
}
