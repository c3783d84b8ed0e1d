/// A custom event of Application Insights (docs/contract/platform.md §8.3), by the names and properties of a module's
/// contract.
public struct TelemetryEvent: Equatable, Sendable {
  /// The name that is searched for.
  public let name: String
  /// Custom dimensions; may name prisoners.
  public let properties: [String: String]

  /// An event with its custom dimensions.
  public init(_ name: String, _ properties: [String: String]) {
    self.name = name
    self.properties = properties
  }
}
