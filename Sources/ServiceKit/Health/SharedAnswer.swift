internal import Time

/// The answer to a question that costs something elsewhere: who asks gets the one there is, for two seconds after it was
/// found (`platform.md` §3.1), and who asks while it is being found waits for it with all the others. However often it is
/// asked, and by whom, the question goes out at most every two seconds.
actor SharedAnswer<Value: Sendable> {
  private static var lifetime: Duration { .seconds(2) }

  private let ask: @Sendable () async -> Value
  private var latest: (value: Value, time: MonotonicInstant)?
  private var asking: Task<Value, Never>?

  /// - Parameter ask: must end by itself.
  init(_ ask: @escaping @Sendable () async -> Value) { self.ask = ask }

  func value() async -> Value {
    if let latest, latest.time + Self.lifetime > .now() { return latest.value }
    if let asking { return await asking.value }
    let ask = ask
    let task = Task { await ask() }
    asking = task
    let value = await task.value
    asking = nil
    latest = (value, .now())
    return value
  }
}
