internal import Time

/// How long a client may take for what is being sent to it. Two things are asked: that it takes something every so
/// often, and that, once that time is over, it has taken at least so much a second on the whole. What waits to be sent
/// does not count, only what was taken.
struct TransferPace: Sendable, Equatable {
  private let start: MonotonicInstant
  private let patience: Duration
  private let bytesPerSecond: Int
  private var lastProgress: MonotonicInstant
  private var bytes = 0

  /// - Parameter bytesPerSecond: 0 or less gives no time beyond the patience.
  init(start: MonotonicInstant, patience: Duration, bytesPerSecond: Int) {
    self.start = start
    self.patience = patience
    self.bytesPerSecond = bytesPerSecond
    lastProgress = start
  }

  /// The client has taken so much more.
  mutating func note(_ count: Int, now: MonotonicInstant) {
    guard count > 0 else { return }
    bytes += count
    lastProgress = now
  }

  /// When to give the client up, if it takes no more until then.
  var deadline: MonotonicInstant {
    let earned: Duration =
      bytesPerSecond > 0 ? .milliseconds(Int64(clamping: bytes / bytesPerSecond) * 1000) : .zero
    return min(lastProgress + patience, start + patience + earned)
  }
}
