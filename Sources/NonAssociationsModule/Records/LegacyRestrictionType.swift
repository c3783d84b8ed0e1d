import ServiceKit

/// How far apart they are kept, as NOMIS has it.
enum LegacyRestrictionType: String, CaseIterable, Sendable {
  case cell = "CELL"
  case landing = "LAND"
  case wing = "WING"

  /// The words for the code.
  var description: String {
    switch self {
    case .cell: "Do Not Locate in Same Cell"
    case .landing: "Do Not Locate on Same Landing"
    case .wing: "Do Not Locate on Same Wing"
    }
  }

  /// NOMIS has no place for a type that nobody here knows: it gets the one that keeps them furthest apart.
  init(_ type: StoredCode<RestrictionType>) {
    switch type.known {
    case .cell: self = .cell
    case .landing: self = .landing
    case .wing, nil: self = .wing
    }
  }
}
