import ServiceKit

/// The prisoner's record, if there is one, and those that were removed.
struct History: Sendable {
  var prisonerNumber: String
  var current: RestrictedPatient?
  /// The latest first.
  var removed: [ArchivedPatient]

  enum Shape: ObjectShape {
    typealias Value = History
    static let name: String? = "RestrictedPatientHistory"

    static func declare(_ json: inout some ObjectDescriber<History>) {
      json.text("prisonerNumber") { $0.prisonerNumber }
      json.optionalObject("current", RestrictedPatient.Shape.self) { $0.current }
      json.array("removed", of: ArchivedPatient.Shape.self) { $0.removed }
    }
  }
}
