import HTTPTypes
import ServiceKit
import SharedAuth

extension RestrictedPatientsModule {
  static let stuckMerges = Endpoint(
    .get,
    "/restricted-patients/merges",
    .setting(.administration),
    .administration("getStuckMerges", "Merges of patients that wait for a decision"),
    takes: .path(.none),
    answer: .array(of: StuckMerge.Shape.self, "The merges, the oldest first")
  ) { module, call in
    try await module.store.stuckMerges(deadline: call.deadline)
  }
}

extension StuckMerge {
  enum Shape: ObjectShape {
    typealias Value = StuckMerge
    static let name: String? = "StuckMerge"

    static func declare(_ json: inout some ObjectDescriber<StuckMerge>) {
      json.text("removedPrisonerNumber") { $0.removedNumber }
      json.text("keptPrisonerNumber") { $0.keptNumber }
      json.optionalObject("removedRecord", RestrictedPatient.Shape.self) { $0.records.removed }
      json.optionalObject("keptRecord", RestrictedPatient.Shape.self) { $0.records.kept }
      json.localTime("since", .londonTime("When the merge was first heard of")) { $0.firstSeen }
      json.localTime("lastSeen", .londonTime("When the merge was last heard of")) { $0.lastSeen }
      json.integer("deliveries") { $0.deliveries }
      json.texts("choices", of: MergeResolution.schema) { $0.choices.map(\.rawValue) }
    }
  }
}
