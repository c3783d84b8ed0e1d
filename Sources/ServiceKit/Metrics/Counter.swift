/// A number for each set of labels that only grows. Made by ``MetricsRegistry/counter(name:help:labels:)``; its name ends
/// in `_total`.
public final class Counter<Labels: MetricLabels>: MetricFamily {
  private struct State: Sendable {
    var values: [Labels: UInt64] = [:]
    var dropped: UInt64 = 0
  }

  let name: String
  let help: String
  private let shards: LoopShards<State>
  private let maximumSeries: Int

  init(name: String, help: String, shards: Int, maximumSeries: Int) {
    self.name = name
    self.help = help
    self.shards = LoopShards(count: shards, State())
    self.maximumSeries = maximumSeries
  }

  /// Adds to the series of `labels`.
  public func add(_ amount: UInt64 = 1, _ labels: Labels) {
    shards.update { state in
      if state.values[labels]?.add(amount) == nil {
        guard state.values.count < maximumSeries else {
          state.dropped += 1
          return
        }
        state.values[labels] = amount
      }
    }
  }

  var dropped: UInt64 { shards.states.reduce(0) { $0 &+ $1.dropped } }

  func write(to text: inout MetricsText) {
    var sums: [Labels: UInt64] = [:]
    for state in shards.states { sums.merge(state.values) { $0 &+ $1 } }
    text.family(name, help, .counter)
    for (labels, value) in sums.sorted(by: { $0.key.values.lexicographicallyPrecedes($1.key.values) }) {
      text.sample(name, Array(zip(Labels.names, labels.values)), Double(value))
    }
  }
}

extension Counter<NoLabels> {
  /// Counts `amount` more; past `UInt64.max` it begins again at 0, as Prometheus expects of counters.
  public func add(_ amount: UInt64 = 1) { add(amount, NoLabels()) }
}

extension UInt64 {
  fileprivate mutating func add(_ amount: UInt64) { self &+= amount }
}
