internal import Text

/// What a user may do with a non-association of two prisoners (docs/contract/permissions.md): a function of the user's roles and
/// caseloads, and of where the prisoners are.
struct UserPermissions: Sendable {
  /// Where a prisoner is, seen from a user.
  enum Place: String, CaseIterable, Sendable {
    /// In a prison among the user's caseloads.
    case caseload = "CASELOAD"
    case otherPrison = "OTHER_PRISON"
    /// Between two prisons.
    case transfer = "TRANSFER"
    /// Released, or never in an establishment.
    case outside = "OUTSIDE"
    /// Without a booking.
    case unknown = "UNKNOWN"

    /// - Parameter prisonID: as prisoner search gives it. `TRN` and `OUT` are nobody's caseloads.
    init(prisonID: String?, caseloads: Set<ByteText>) {
      switch prisonID {
      case nil, "": self = .unknown
      case "TRN": self = .transfer
      case "OUT": self = .outside
      case let prisonID?: self = caseloads.contains(ByteText(prisonID)) ? .caseload : .otherPrison
      }
    }

    /// In the words of a rule.
    var words: String {
      switch self {
      case .caseload: "in one of the user's caseloads"
      case .otherPrison: "in a prison outside the user's caseloads"
      case .transfer: "being transferred"
      case .outside: "outside any establishment"
      case .unknown: "without a known location"
      }
    }
  }

  enum Policy: String, CaseIterable, Sendable {
    /// The client library's documentation.
    case documented
    /// What the non-associations front end does: one prisoner in a caseload is enough.
    case frontend
  }

  enum Action: String, CaseIterable, Sendable {
    case view, add, update, close, delete, reopen
  }

  /// Whether something is allowed, and in plain words the rule that decided.
  struct Decision: Equatable, Sendable {
    var isAllowed: Bool
    var rule: String
  }

  private enum Role: String {
    case prison = "PRISON"
    case nonAssociations = "NON_ASSOCIATIONS"
    case globalSearch = "GLOBAL_SEARCH"
    case inactiveBookings = "INACTIVE_BOOKINGS"
  }

  private let roles: Set<ByteText>
  private let caseloads: Set<ByteText>
  private let policy: Policy

  /// - Parameter roles: with or without `ROLE_`.
  init(roles: [String], caseloads: [String], policy: Policy = .documented) {
    self.roles = Set(roles.map { ByteText($0.hasPrefix("ROLE_") ? String($0.dropFirst(5)) : $0) })
    self.caseloads = Set(caseloads.map { ByteText($0) })
    self.policy = policy
  }

  func place(ofPrison prisonID: String?) -> Place { Place(prisonID: prisonID, caseloads: caseloads) }

  /// Whether the user may do this with a non-association of two prisoners; of the same prisoner twice, whether one
  /// could be for that prisoner at all.
  func decision(_ action: Action, _ first: Place, _ second: Place) -> Decision {
    switch action {
    case .view: return needing([.prison], "viewing any non-association")
    case .delete, .reopen:
      return Decision(
        isAllowed: false,
        rule: "no user may \(action.rawValue): only systems with their own role"
      )
    case .add, .update, .close:
      let basics = needing([.prison, .nonAssociations], "changing a non-association")
      guard basics.isAllowed else { return basics }
      let places =
        first == second ? "two prisoners \(first.words)" : "a prisoner \(first.words) and one \(second.words)"
      guard let needed = extraRoles(first, second) else {
        return Decision(isAllowed: false, rule: "no user may change a non-association of \(places)")
      }
      return needing([.prison, .nonAssociations] + needed, "changing a non-association of \(places)")
    }
  }

  /// Whether the user may see a prisoner's profile: photograph and link.
  func profileDecision(_ place: Place) -> Decision {
    let task = "viewing the profile of a prisoner \(place.words)"
    switch place {
    case .caseload: return needing([.prison], task)
    case .transfer: return needing([.prison, .globalSearch], task)
    case .outside: return needing([.prison, .inactiveBookings], task)
    case .otherPrison, .unknown:
      return Decision(isAllowed: false, rule: "no user may view the profile of a prisoner \(place.words)")
    }
  }

  /// The tables: the roles needed besides the two basic ones; nil means never.
  private func extraRoles(_ first: Place, _ second: Place) -> [Role]? {
    switch (first, second) {
    case (.unknown, _), (_, .unknown): nil
    case (.caseload, .caseload): []
    case (.caseload, .otherPrison), (.otherPrison, .caseload), (.caseload, .transfer), (.transfer, .caseload):
      policy == .frontend ? [] : [.globalSearch]
    case (.caseload, .outside), (.outside, .caseload): policy == .frontend ? [] : [.inactiveBookings]
    case (.otherPrison, _), (_, .otherPrison): nil
    case (.transfer, .transfer): [.globalSearch]
    case (.transfer, .outside), (.outside, .transfer): [.globalSearch, .inactiveBookings]
    case (.outside, .outside): [.inactiveBookings]
    }
  }

  private func needing(_ needed: [Role], _ task: String) -> Decision {
    let names = needed.map(\.rawValue)
    let missing = names.filter { !roles.contains(ByteText($0)) }
    let rule = "\(task) needs \(names.joined(separator: ", "))"
    return missing.isEmpty
      ? Decision(isAllowed: true, rule: rule)
      : Decision(isAllowed: false, rule: "\(rule); the user lacks \(missing.joined(separator: ", "))")
  }
}
