internal import Time

/// An answer that costs something elsewhere, cached and shared: callers get the last one for two seconds after it was
/// found (docs/contract/platform.md §3.1), and callers that come while it is being found wait for it together.
/// The question goes out at most every two seconds, whoever asks and however often.
actor SharedAnswer<Value: Sendable> {
  private static var lifetime: Duration { .seconds(2) }

  private let ask: @Sendable (any MonotonicClock) async -> Value
  private var latest: (value: Value, time: MonotonicInstant)?
  private var asking: Task<Value, Never>?

  /// - Parameter ask: must end by itself.
  init(_ ask: @escaping @Sendable (any MonotonicClock) async -> Value) { self.ask = ask }

  /// - Parameter clock: what its age is measured by, the same for all who ask.
  func value(by clock: any MonotonicClock) async -> Value {
    if let latest, latest.time + Self.lifetime > clock.now() { return latest.value }
    if let asking { return await asking.value }
    let ask = ask
    let task = Task { await ask(clock) }
    asking = task
    let value = await task.value
    asking = nil
    latest = (value, clock.now())
    return value
  }
}
