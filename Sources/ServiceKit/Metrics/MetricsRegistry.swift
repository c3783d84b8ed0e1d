internal import Synchronization

/// A metric with all its series.
protocol MetricFamily: Sendable {
  var name: String { get }
  /// Observations not counted because their series would have been one too many.
  var dropped: UInt64 { get }
  func write(to text: inout MetricsText)
}

/// All metrics of the process: those that are counted as things happen, and those that are read at a scrape.
///
/// Names follow Prometheus: base units, `_total` for counters, and OpenTelemetry's semantic conventions where those have
/// a name. What counts runs on the loops and takes some tens of nanoseconds; reading and writing the text does not.
public final class MetricsRegistry: Sendable {
  /// Gives the current values of a metric. May wait for loops; must not wait for anything outside the process.
  public typealias Reader = @Sendable () async -> [MetricSample]

  private struct Read: Sendable {
    let name: String
    let help: String
    let kind: MetricKind
    var readers: [Reader]
  }

  private struct State {
    var families: [any MetricFamily] = []
    var read: [Read] = []
    var background: [Task<Void, Never>] = []
  }

  private let shards: Int
  private let maximumSeries: Int
  private let state = Mutex(State())

  /// The content type of ``exposition()``.
  public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  /// Upper bounds in seconds for a request's duration: those of OpenTelemetry's `http.server.request.duration`.
  public static let requestBoundaries: [Double] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
  ]

  /// Upper bounds in seconds for a statement's duration: those of OpenTelemetry's `db.client.operation.duration`.
  public static let statementBoundaries: [Double] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]

  /// - Parameters:
  ///   - loops: how many event loops count.
  ///   - maximumSeries: series of one metric on one loop; what comes beyond is dropped, and counted as dropped.
  public init(loops: Int, maximumSeries: Int = 2000) {
    shards = loops
    self.maximumSeries = maximumSeries
  }

  /// A counter. Call it once for each name, and keep what it returns.
  public func counter<Labels: MetricLabels>(
    name: String,
    help: String,
    labels: Labels.Type
  ) -> Counter<Labels> {
    let counter = Counter<Labels>(name: name, help: help, shards: shards, maximumSeries: maximumSeries)
    state.withLock { $0.families.append(counter) }
    return counter
  }

  /// A histogram of durations. Call it once for each name, and keep what it returns.
  /// - Parameter boundaries: upper bounds in seconds, ascending.
  public func durations<Labels: MetricLabels>(
    name: String,
    help: String,
    labels: Labels.Type,
    boundaries: [Double] = MetricsRegistry.requestBoundaries
  ) -> DurationHistogram<Labels> {
    let histogram = DurationHistogram<Labels>(
      name: name,
      help: help,
      boundaries: boundaries,
      shards: shards,
      maximumSeries: maximumSeries
    )
    state.withLock { $0.families.append(histogram) }
    return histogram
  }

  /// A metric that is read at a scrape. Readers of one name join their samples under the help of the first.
  public func read(_ kind: MetricKind, name: String, help: String, _ reader: @escaping Reader) {
    state.withLock { state in
      if let index = state.read.firstIndex(where: { $0.name == name }) {
        state.read[index].readers.append(reader)
      } else {
        state.read.append(Read(name: name, help: help, kind: kind, readers: [reader]))
      }
    }
  }

  /// One gauge that is read at a scrape; nil from `read` leaves it out.
  public func gauge(
    name: String,
    help: String,
    labels: [(name: String, value: String)] = [],
    read: @escaping @Sendable () async -> Double?
  ) {
    self.read(.gauge, name: name, help: help) { await read().map { [MetricSample(labels, $0)] } ?? [] }
  }

  /// A task that reads in the background, to be ended by ``stop()``.
  func keep(_ task: Task<Void, Never>) { state.withLock { $0.background.append(task) } }

  /// Stops reading in the background. Call it before what is read from is shut down.
  public func stop() async {
    let tasks = state.withLock { state in
      defer { state.background = [] }
      return state.background
    }
    for task in tasks { task.cancel() }
    for task in tasks { await task.value }
  }

  /// Everything, in the text format of Prometheus. Takes some milliseconds: call it off the event loops.
  public func exposition() async -> [UInt8] {
    let (families, reads) = state.withLock { ($0.families, $0.read) }
    var text = MetricsText()
    for family in families { family.write(to: &text) }
    for read in reads {
      var samples: [MetricSample] = []
      for reader in read.readers { samples += await reader() }
      text.family(read.name, read.help, read.kind)
      for sample in samples {
        text.sample(read.name, sample.labels.map { ($0.name, $0.value) }, sample.value)
      }
    }
    text.family(
      "gateway_metrics_dropped_observations_total",
      "Observations not counted because their metric had too many series.",
      .counter
    )
    for family in families {
      text.sample(
        "gateway_metrics_dropped_observations_total",
        [("metric", family.name)],
        Double(family.dropped)
      )
    }
    return text.bytes
  }
}
