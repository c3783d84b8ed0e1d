internal import Concurrency
public import EventLoops
internal import Synchronization
public import Time

/// A value of a database or a broker for metrics, read at an interval in the background, apart from all others, so that a
/// scrape is answered from memory whatever hangs. A value that is too old is left out.
public final class BackgroundReading<Value: Sendable>: Sendable {
  /// Gets the value by the given deadline.
  public typealias Take = @Sendable (MonotonicInstant) async throws -> Value

  private struct State {
    var value: Value?
    /// When the value was read; until then, when reading began.
    var time: MonotonicInstant
  }

  private let clock: any MonotonicClock
  private let interval: Duration
  private let timeout: Duration
  private let maximumAge: Duration
  private let take: Take
  private let state: Mutex<State>

  /// - Parameters:
  ///   - interval: from the end of one reading to the next.
  ///   - timeout: the deadline that `take` gets.
  ///   - maximumAge: after which a value is left out.
  init(
    interval: Duration = .seconds(10),
    timeout: Duration = .seconds(2),
    maximumAge: Duration = .seconds(30),
    clock: any MonotonicClock,
    _ take: @escaping Take
  ) {
    self.clock = clock
    self.interval = interval
    self.timeout = timeout
    self.maximumAge = maximumAge
    self.take = take
    state = Mutex(State(value: nil, time: clock.now()))
  }

  /// The latest value; nil before there is one, and once it is too old.
  public func value() -> Value? {
    let now = clock.now()
    return state.withLock { now < $0.time + maximumAge ? $0.value : nil }
  }

  /// How long ago the latest value was read, or reading began where there is none.
  public func age() -> Duration {
    let now = clock.now()
    return state.withLock { now.duration(since: $0.time) }
  }

  /// Reads until the task is cancelled.
  func run() async {
    await Rounds(every: interval, first: .zero, clock: clock).run {
      await read()
      return true
    }
  }

  /// Reads once. While that fails, the value there is grows older.
  func read() async {
    guard let taken = try? await take(clock.now() + timeout) else { return }
    state.withLock { $0 = State(value: taken, time: clock.now()) }
  }
}

extension MetricsRegistry {
  /// Begins to read something in the background, and exports its age: `gateway_metrics_reading_age_seconds`.
  /// - Parameters:
  ///   - name: the label `reading`.
  ///   - loop: where the readings run.
  public func background<Value: Sendable>(
    _ name: String,
    labels: [(name: String, value: String)] = [],
    on loop: EventLoop,
    _ take: @escaping BackgroundReading<Value>.Take
  ) -> BackgroundReading<Value> {
    let reading = BackgroundReading(clock: loop, take)
    keep(Task.detached(executorPreference: loop) { await reading.run() })
    gauge(
      name: "gateway_metrics_reading_age_seconds",
      help:
        "How old the values are that were read from a database or a broker; past 30 seconds they are left out.",
      labels: [("reading", name)] + labels
    ) { reading.age().inSeconds }
    return reading
  }
}
