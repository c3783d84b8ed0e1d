import ServiceKit
import SharedAuth

extension RestrictedPatientsModule {
  typealias Endpoint = ServiceKit.Endpoint<RestrictedPatientsModule>

  /// Every endpoint, in the order of docs/contract/restricted-patients.md §7, and those for what waits for a person.
  static let endpoints: [Endpoint] = [
    discharge,
    migrateIn,
    read,
    remove,
    history,
    changeSupportingPrison,
    checkPastDates,
    list,
    stuckMerges,
    resolveMerge,
    unknownOutcomes,
    settleOutcome,
  ]
}

extension EndpointAccess<RestrictedPatientsModule> {
  /// What the deployment asks of the callers of an endpoint.
  static func setting(_ endpoint: AccessRules.Endpoint) -> Self {
    .configured { $0.access[endpoint] }
  }
}

extension Endpoint<RestrictedPatientsModule>.Description {
  static func patients(_ id: String, _ summary: String, _ details: String? = nil) -> Self {
    Self(id, summary, details, tag: "restricted-patients-controller")
  }

  static func administration(_ id: String, _ summary: String, _ details: String? = nil) -> Self {
    Self(id, summary, details, tag: "What waits for a person")
  }
}

extension RequestPath<String> {
  /// A prisoner's number.
  static let prisonNumber = Self.text("prison-number", .text(example: "A1234AA"))
}
