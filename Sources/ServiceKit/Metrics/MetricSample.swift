/// One value that a metric's reader returns.
public struct MetricSample: Sendable {
  let labels: [(name: String, value: String)]
  let value: Double

  /// - Parameter labels: names as Prometheus allows them; values from a small, fixed stock.
  public init(_ labels: [(name: String, value: String)] = [], _ value: Double) {
    self.labels = labels
    self.value = value
  }

  /// A sample of a count.
  public init(_ labels: [(name: String, value: String)] = [], _ value: Int) {
    self.init(labels, Double(value))
  }
}
