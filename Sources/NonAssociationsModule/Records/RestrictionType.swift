import ServiceKit

/// How far apart they are kept.
enum RestrictionType: String, Code {
  static let summary = "How far apart the prisoners are kept"
  static let listName = "restrictionTypes"

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
