/// A module that uses what its manifest does not declare.
public enum ManifestError: Error, Equatable, CustomStringConvertible {
  case unknownUpstream(String)
  case unknownBulkhead(String)

  public var description: String {
    switch self {
    case .unknownUpstream(let id): "the module's manifest names no service \(id)"
    case .unknownBulkhead(let name): "the module's manifest names no bulkhead \(name)"
    }
  }
}
