import ServiceKit

/// Why two prisoners are kept apart, and each one's part in it, as NOMIS has it (docs/contract/non-associations.md §4.1, §12).
enum LegacyReason: String, CaseIterable, Sendable {
  case bullying = "BUL"
  case perpetrator = "PER"
  case rivalGang = "RIV"
  case victim = "VIC"
  case notRelevant = "NOT_REL"
  case unknown = "UNKNOWN"

  /// The words for the code.
  var description: String {
    switch self {
    case .bullying: "Anti Bullying Strategy"
    case .perpetrator: "Perpetrator"
    case .rivalGang: "Rival Gang"
    case .victim: "Victim"
    case .notRelevant: "Not relevant"
    case .unknown: "Unknown"
    }
  }

  /// One side's code: the reason if it is one that NOMIS knows, else the side's role. A role that nobody here knows is
  /// unknown there.
  init(_ reason: StoredCode<Reason>, _ role: StoredCode<Role>) {
    switch (reason.known, role.known) {
    case (.gangRelated, _): self = .rivalGang
    case (.bullying, _): self = .bullying
    case (_, .victim): self = .victim
    case (_, .perpetrator): self = .perpetrator
    case (_, .notRelevant): self = .notRelevant
    case (_, .unknown), (_, nil): self = .unknown
    }
  }

  private var role: Role {
    switch self {
    case .victim: .victim
    case .perpetrator: .perpetrator
    case .notRelevant, .rivalGang: .notRelevant
    case .bullying, .unknown: .unknown
    }
  }

  /// What two sides' codes mean: both roles and the reason. A gang on either side is the reason, before bullying.
  static func modern(_ first: LegacyReason, _ second: LegacyReason) -> (Role, Role, Reason) {
    let both = [first, second]
    let reason: Reason =
      both.contains(.rivalGang) ? .gangRelated : both.contains(.bullying) ? .bullying : .other
    return (first.role, second.role, reason)
  }
}
