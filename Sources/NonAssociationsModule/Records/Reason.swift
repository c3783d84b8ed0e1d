import ServiceKit

/// Why two prisoners are kept apart.
enum Reason: String, Code {
  static let summary = "Why the prisoners are kept apart"
  static let listName = "reasons"

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
