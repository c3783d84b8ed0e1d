public import ServiceKit

extension MetricsRegistry {
  /// How often rows of a module's tables had values that no answer can hold.
  public func add(_ misfits: MisfitValues, module: String) {
    read(
      .counter,
      name: "gateway_misfit_values_total",
      help: "Values of rows that no answer can hold, at each reading; the nearest one was shown."
    ) {
      misfits.counts.map {
        MetricSample([("module", module), ("table", $0.table), ("column", $0.column)], $0.count)
      }
    }
  }
}
