import ServiceKit

/// A prisoner's part in a non-association.
enum Role: String, Code {
  static let summary = "The prisoner's part in the non-association"
  static let listName = "roles"

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
