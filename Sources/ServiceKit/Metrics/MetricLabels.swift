/// What tells the series of one metric apart. The values must come from a small, fixed stock: templates, codes, names
/// of the configuration; never a caller's text.
public protocol MetricLabels: Hashable, Sendable {
  /// As Prometheus allows them: `[a-zA-Z_][a-zA-Z0-9_]*`.
  static var names: [String] { get }
  /// A value for each name.
  var values: [String] { get }
}

/// The labels of a metric that has one series.
public struct NoLabels: MetricLabels {
  public static let names: [String] = []
  public let values: [String] = []

  /// The one set of no labels.
  public init() {}
}
