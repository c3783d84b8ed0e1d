import SharedAuth
internal import Text

/// What each endpoint asks of a caller besides a good token. By default nothing, as with the service replaced
/// (docs/contract/restricted-patients.md §2), of what that service has; what it lacks asks for roles of its own. A
/// deployment may name other roles, of which a caller needs one.
struct AccessRules: Equatable, Sendable {
  /// The endpoints by the names that the setting knows them by.
  enum Endpoint: String, CaseIterable, Sendable {
    case discharge
    case migrate
    case read
    case remove
    case changeSupportingPrison = "change-supporting-prison"
    case pastDateCheck = "past-date-check"
    case history
    case list
    /// Stuck merges, their resolution, and changes of unknown outcome.
    case administration
  }

  /// Why a setting cannot be read.
  struct Failure: Error, Equatable, CustomStringConvertible {
    let description: String
  }

  /// What administration asks for if nobody sets it.
  static let administrator = "RESTRICTED_PATIENTS_ADMIN"

  /// What the list and the history ask for if nobody sets it: who is in which hospital is not for every token.
  static let reader = "READ_RESTRICTED_PATIENTS"

  private var roles: [Endpoint: [String]] = [
    .administration: [administrator], .list: [reader], .history: [reader],
  ]

  /// Any good token for what the service replaced has.
  init() {}

  /// - Parameter text: `endpoint=ROLE|ROLE`, several with commas between, with or without `ROLE_`:
  ///   `discharge=TRANSFER_RESTRICTED_PATIENT,remove=REMOVE_RESTRICTED_PATIENT|RESTRICTED_PATIENT_MIGRATION`.
  /// - Throws: `Failure` naming what cannot be read.
  init(parsing text: String) throws(Failure) {
    self.init()
    for part in text.split(separator: ",") {
      let sides = part.split(separator: "=", omittingEmptySubsequences: false).map { side in
        String(side.filter { $0 != " " })
      }
      let names = sides.count == 2 ? sides[1].split(separator: "|").map(String.init) : []
      guard let endpoint = sides.first.flatMap({ Endpoint(code: $0) }), !names.isEmpty else {
        let known = Endpoint.allCases.map(\.rawValue).joined(separator: ", ")
        throw Failure(
          description: "'\(part)' is not of the form endpoint=ROLE|ROLE with an endpoint of \(known)"
        )
      }
      roles[endpoint] = names
    }
  }

  /// The rule of an endpoint.
  subscript(endpoint: Endpoint) -> AccessRule {
    roles[endpoint].map { .requiresAny(roles: $0) } ?? .authenticated
  }
}
