/// Why a route table makes no router: every fault of it, not only the first.
public struct RouterError: Error, Hashable, Sendable, CustomStringConvertible {
  /// One sentence a fault, naming the routes.
  public let problems: [String]

  public var description: String { "unusable routes: " + problems.joined(separator: "; ") }
}
