import ServiceKit
internal import Time

/// A change of which nobody knows whether prison API made it.
struct UnknownOutcome: Equatable, Sendable {
  /// The reason where the process that told prison API is no more.
  static let processEnded = "the gateway stopped before the answer came"

  var prisonerNumber: String
  var operation: StoredCode<ExternalChangeOperation>
  var requestedBy: String?
  var startedAt: Timestamp
  var reason: String
}

extension UnknownOutcome {
  enum Shape: ObjectShape {
    typealias Value = UnknownOutcome
    static let name: String? = "UnknownOutcome"

    static func declare(_ json: inout some ObjectDescriber<UnknownOutcome>) {
      json.text("prisonerNumber") { $0.prisonerNumber }
      json.text("operation") { $0.operation.rawValue }
      json.optionalText("requestedBy") { $0.requestedBy }
      json.instant("since", .londonTime("When the change was attempted")) { $0.startedAt }
      json.optionalText("reason") { $0.reason }
    }
  }
}
