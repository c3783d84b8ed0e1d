internal import ServiceKit

/// Which share of its telemetry a module sends, in per cent (docs/contract/adoption.md §3). What is not named here is
/// sent whole; custom events, warnings and errors always are.
public struct InsightsSampling: Sendable, Hashable {
  /// Requests for `/health` and what is below it, with all that is done for them.
  public var health: Double
  /// Requests for `/info`.
  public var information: Double
  /// Statements of the database.
  public var statements: Double
  /// Calls to hosts whose names begin with `sign-in` or `sts.eu`.
  public var signIn: Double

  /// - Parameters: in per cent, 0 to 100.
  public init(
    health: Double = 100,
    information: Double = 100,
    statements: Double = 100,
    signIn: Double = 100
  ) {
    self.health = health
    self.information = information
    self.statements = statements
    self.signIn = signIn
  }

  /// What is wrong with a list of shares.
  public struct Malformed: Error, CustomStringConvertible {
    /// The end of a sentence that begins with the setting.
    public let description: String
  }

  private static let names:
    [(name: String, share: any WritableKeyPath<InsightsSampling, Double> & Sendable)] = [
      ("health", \.health), ("info", \.information), ("sql", \.statements), ("sign-in", \.signIn),
    ]

  /// Takes over the shares that a list names: `health=10,sql=5`.
  /// - Throws: `Malformed`.
  public mutating func read(_ list: String) throws(Malformed) {
    for member in list.split(separator: ",") {
      let pair = member.split(separator: "=", omittingEmptySubsequences: false).map { part in
        part.filter { $0 != " " }
      }
      guard pair.count == 2, let known = Self.names.first(where: { $0.name == pair[0] }) else {
        let names = Self.names.map(\.name).joined(separator: ", ")
        throw Malformed(description: "'\(member)' is not one of \(names), with = and a percentage")
      }
      guard let share = Double(pair[1]), (0...100).contains(share) else {
        throw Malformed(description: "'\(pair[1])' is not a percentage from 0 to 100")
      }
      self[keyPath: known.share] = share
    }
  }

  /// Of all that is done for an operation.
  func share(of operation: Operation?) -> Double {
    guard let route = operation?.description.route else { return 100 }
    if route == "/info" { return information }
    return route == "/health" || route.hasPrefix("/health/") ? health : 100
  }

  /// Of calls to a host.
  func share(ofHost host: String) -> Double {
    host.hasPrefix("sign-in") || host.hasPrefix("sts.eu") ? signIn : 100
  }
}
