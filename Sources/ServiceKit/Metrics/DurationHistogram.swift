public import Time

/// How long things took, for each set of labels: counts by upper bound, and the sum. Made by
/// ``MetricsRegistry/durations(name:help:labels:boundaries:)``; its name ends in `_seconds`.
///
/// Recording is inlinable: each request and each statement does it, and unspecialised it costs several times as much.
public final class DurationHistogram<Labels: MetricLabels>: MetricFamily {
  @usableFromInline struct Series: Sendable {
    /// One for each boundary and one for what is beyond; not cumulative.
    @usableFromInline var buckets: [UInt64]
    @usableFromInline var nanoseconds: UInt64 = 0

    @inlinable init(buckets: [UInt64]) { self.buckets = buckets }

    @inlinable mutating func record(_ value: UInt64, _ boundaries: [UInt64]) {
      var index = 0
      while index < boundaries.count, value > boundaries[index] { index += 1 }
      if buckets.indices.contains(index) { buckets[index] &+= 1 }
      nanoseconds &+= value
    }

    static func + (left: Self, right: Self) -> Self {
      var sum = Series(buckets: zip(left.buckets, right.buckets).map { $0 &+ $1 })
      sum.nanoseconds = left.nanoseconds &+ right.nanoseconds
      return sum
    }
  }

  @usableFromInline struct State: Sendable {
    @usableFromInline var series: [Labels: Series] = [:]
    @usableFromInline var dropped: UInt64 = 0
  }

  let name: String
  let help: String
  private let boundaries: [Double]
  @usableFromInline let limits: [UInt64]
  @usableFromInline let shards: LoopShards<State>
  @usableFromInline let maximumSeries: Int

  init(name: String, help: String, boundaries: [Double], shards: Int, maximumSeries: Int) {
    self.name = name
    self.help = help
    self.boundaries = boundaries
    limits = boundaries.map { UInt64($0 * 1e9) }
    self.shards = LoopShards(count: shards, State())
    self.maximumSeries = maximumSeries
  }

  /// Counts one duration in the series of `labels`.
  @inlinable public func record(_ duration: Duration, _ labels: Labels) {
    let nanoseconds = duration.wholeNanoseconds
    let limits = limits
    shards.update { state in
      if state.series[labels]?.record(nanoseconds, limits) == nil {
        guard state.series.count < maximumSeries else {
          state.dropped += 1
          return
        }
        var series = Series(buckets: Array(repeating: 0, count: limits.count + 1))
        series.record(nanoseconds, limits)
        state.series[labels] = series
      }
    }
  }

  var dropped: UInt64 { shards.states.reduce(0) { $0 &+ $1.dropped } }

  func write(to text: inout MetricsText) {
    var sums: [Labels: Series] = [:]
    for state in shards.states { sums.merge(state.series) { $0 + $1 } }
    text.family(name, help, .histogram)
    for (labels, series) in sums.sorted(by: { $0.key.values.lexicographicallyPrecedes($1.key.values) }) {
      write(Array(zip(Labels.names, labels.values)), series, to: &text)
    }
  }

  private func write(_ labels: [(String, String)], _ series: Series, to text: inout MetricsText) {
    var count: UInt64 = 0
    for (bucket, boundary) in zip(series.buckets, boundaries + [.infinity]) {
      count &+= bucket
      text.sample(name + "_bucket", labels + [("le", MetricsText.number(boundary))], Double(count))
    }
    text.sample(name + "_sum", labels, Double(series.nanoseconds) / 1e9)
    text.sample(name + "_count", labels, Double(count))
  }
}
