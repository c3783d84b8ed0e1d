public import SharedAuth
internal import Text

/// What each endpoint asks of a caller besides a good token. By default nothing, as with the service replaced
/// (`restricted-patients.md` §2); a deployment may name roles, of which a caller needs one.
public struct AccessRules: Equatable, Sendable {
  /// The endpoints by the names that the setting knows them by.
  public enum Endpoint: String, CaseIterable, Sendable {
    case discharge
    case migrate
    case read
    case remove
    case changeSupportingPrison = "change-supporting-prison"
    case pastDateCheck = "past-date-check"
    case history
    case list
    /// Stuck merges, their resolution, and changes of unknown outcome: always guarded.
    case administration
  }

  /// Why a setting cannot be read.
  public struct Failure: Error, Equatable, CustomStringConvertible {
    public let description: String
  }

  /// What administration asks for if nobody sets it.
  public static let administrator = "RESTRICTED_PATIENTS_ADMIN"

  private var roles: [Endpoint: [String]] = [:]

  /// Any good token, but for administration.
  public init() { roles[.administration] = [Self.administrator] }

  /// - Parameter text: `endpoint=ROLE|ROLE`, several with commas between, with or without `ROLE_`:
  ///   `discharge=TRANSFER_RESTRICTED_PATIENT,remove=REMOVE_RESTRICTED_PATIENT|RESTRICTED_PATIENT_MIGRATION`.
  /// - Throws: `Failure` naming what cannot be read.
  public init(parsing text: String) throws(Failure) {
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
  public subscript(endpoint: Endpoint) -> AccessRule {
    roles[endpoint].map { .requiresAny(roles: $0) } ?? .authenticated
  }
}
