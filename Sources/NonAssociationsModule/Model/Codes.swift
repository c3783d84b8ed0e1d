import ServiceKit

/// A code with the words that describe it, in the order of `non-associations.md` §4.1.
protocol Code: RawRepresentable<String>, CaseIterable, Sendable {
  var description: String { get }
}

extension StoredCode where Known: Code {
  /// The words for it; of a code that this release does not know, the code itself.
  var description: String {
    switch self {
    case .known(let code): code.description
    case .unknown(let text): text
    }
  }
}

/// A prisoner's part in a non-association.
enum Role: String, Code {
  case victim = "VICTIM"
  case perpetrator = "PERPETRATOR"
  case notRelevant = "NOT_RELEVANT"
  case unknown = "UNKNOWN"

  var description: String {
    switch self {
    case .victim: "Victim"
    case .perpetrator: "Perpetrator"
    case .notRelevant: "Not relevant"
    case .unknown: "Unknown"
    }
  }
}

/// Why two prisoners are kept apart.
enum Reason: String, Code {
  case bullying = "BULLYING"
  case gangRelated = "GANG_RELATED"
  case organisedCrime = "ORGANISED_CRIME"
  case legalRequest = "LEGAL_REQUEST"
  case threat = "THREAT"
  case violence = "VIOLENCE"
  case other = "OTHER"

  var description: String {
    switch self {
    case .bullying: "Bullying"
    case .gangRelated: "Gang related"
    case .organisedCrime: "Organised crime"
    case .legalRequest: "Police or legal request"
    case .threat: "Threat"
    case .violence: "Violence"
    case .other: "Other"
    }
  }
}

/// How far apart they are kept.
enum RestrictionType: String, Code {
  case cell = "CELL"
  case landing = "LANDING"
  case wing = "WING"

  var description: String {
    switch self {
    case .cell: "Cell only"
    case .landing: "Cell and landing"
    case .wing: "Cell, landing and wing"
    }
  }
}
