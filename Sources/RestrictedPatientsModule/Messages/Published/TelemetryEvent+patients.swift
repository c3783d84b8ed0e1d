import ServiceKit

/// The module's custom events (docs/contract/restricted-patients.md §9), and those it has besides: for what nobody was
/// told of before (docs/contract/restricted-patients.md §14 rows 22 to 24).
extension TelemetryEvent {
  static func discharged(_ patient: RestrictedPatient) -> Self {
    Self(name: "restricted-patient-added-discharge", patient)
  }

  static func migrated(_ patient: RestrictedPatient) -> Self {
    Self(name: "restricted-patient-added-migrate", patient)
  }

  static func addedByEvent(_ patient: RestrictedPatient) -> Self {
    Self(name: "restricted-patient-added-released", patient)
  }

  static func removed(_ patient: RestrictedPatient) -> Self {
    Self(name: "restricted-patient-removed", patient)
  }

  /// An agency that no list has is left out.
  static func supportingPrisonChanged(_ details: PatientDetails) -> Self {
    var event = Self(name: "restricted-patient-changed-supporting-prison", details.patient)
    var properties = event.properties
    properties["fromLocationId"] = details.fromLocation?.id
    properties["hospitalLocationCode"] = details.hospitalLocation?.id
    properties["supportingPrisonId"] = details.supportingPrison?.id
    event = Self(event.name, properties)
    return event
  }

  static func removedOnReception(_ number: String) -> Self {
    Self("restricted-patient-removed-cleanup", ["prisonerNumber": number])
  }

  /// The record is of a discharge after it.
  static func receptionIgnored(_ number: String) -> Self {
    Self("restricted-patient-reception-ignored", ["prisonerNumber": number])
  }

  static func mergeStuck(removed: String, kept: String) -> Self {
    Self("restricted-patient-merge-stuck", ["nomsNumber": kept, "removedNomsNumber": removed])
  }

  static func mergeResolved(removed: String, kept: String, _ resolution: String, by user: String) -> Self {
    Self(
      "restricted-patient-merge-resolved",
      ["nomsNumber": kept, "removedNomsNumber": removed, "resolution": resolution, "username": user]
    )
  }

  static func outcomeUnknown(_ number: String, _ operation: String) -> Self {
    Self("restricted-patient-outcome-unknown", ["prisonerNumber": number, "operation": operation])
  }

  static func outcomeSettled(_ number: String, by user: String) -> Self {
    Self("restricted-patient-outcome-settled", ["prisonerNumber": number, "username": user])
  }

  /// Before any removal.
  static func batchRemoval(_ numbers: [String]) -> Self {
    Self("restricted-patient-batch-removal", ["prisonerNumbers": numbers.joined(separator: ", ")])
  }

  /// After them.
  static func batchSummary(_ summary: PastDateSummary) -> Self {
    Self("restricted-patient-batch-summary", summary.counts)
  }

  static func batchUndecided(_ numbers: [String]) -> Self {
    Self("restricted-patient-batch-undecided", ["prisonerNumbers": numbers.joined(separator: ", ")])
  }

  private init(name: String, _ patient: RestrictedPatient) {
    self.init(
      name,
      [
        "prisonerNumber": patient.prisonerNumber, "fromLocationId": patient.fromLocationID,
        "hospitalLocationCode": patient.hospitalLocationCode,
        "supportingPrisonId": patient.supportingPrisonID,
        "dischargeTime": patient.dischargeTime.shortText,
      ]
    )
  }
}
