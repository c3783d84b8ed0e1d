/// A front end that may be started on the all-in-one profile: where it answers then (docs/contract/upstreams.md §5).
public enum SampleFrontEnd: CaseIterable, Sendable {
  /// Of non-associations.
  case nonAssociations
  /// Of restricted patients.
  case restrictedPatients

  /// The port that it is told to listen on; each has its own, so that both can run at once.
  public var port: UInt16 {
    switch self {
    case .nonAssociations: 3000
    case .restrictedPatients: 3001
    }
  }

  /// Its `INGRESS_URL`: where browsers find it.
  public var url: String { "http://localhost:\(port)" }

  /// A word for it, as the shared components know it.
  var id: String {
    switch self {
    case .nonAssociations: "non-associations"
    case .restrictedPatients: "restricted-patients"
    }
  }

  /// As users see it.
  var title: String {
    switch self {
    case .nonAssociations: "Non-associations"
    case .restrictedPatients: "Restricted patients"
    }
  }

  /// What it is for, as users see it.
  var summary: String {
    switch self {
    case .nonAssociations: "View, add, update and close non-associations."
    case .restrictedPatients: "Move prisoners to a hospital, and look after those who are there."
    }
  }

}
