public import EventLoops
internal import Synchronization

/// A reading that several metrics are taken from, and that costs a question to a database or a broker: asked for again
/// only when it is some seconds old, and never waited for beyond a deadline.
public final class SharedReading<Value: Sendable>: Sendable {
  private struct State {
    var value: Value?
    var taken: MonotonicInstant?
  }

  private let maximumAge: Duration
  private let timeout: Duration
  private let take: @Sendable (MonotonicInstant) async throws -> Value
  private let state = Mutex(State())

  /// - Parameters:
  ///   - maximumAge: how long a reading, or its failure, is good for.
  ///   - timeout: the deadline that `take` gets.
  public init(
    maximumAge: Duration = .seconds(10),
    timeout: Duration = .seconds(2),
    _ take: @escaping @Sendable (MonotonicInstant) async throws -> Value
  ) {
    self.maximumAge = maximumAge
    self.timeout = timeout
    self.take = take
  }

  /// The reading; nil when it cannot be had, so that a metric has a gap rather than an old value.
  public func value() async -> Value? {
    let now = MonotonicInstant.now()
    let (value, isFresh) = state.withLock { state in
      (state.value, state.taken.map { now < $0 + maximumAge } ?? false)
    }
    if isFresh { return value }
    let taken = try? await take(now + timeout)
    state.withLock { state in
      state.value = taken
      state.taken = .now()
    }
    return taken
  }
}
