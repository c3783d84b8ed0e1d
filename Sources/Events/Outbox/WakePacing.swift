internal import Time

/// How soon a relay looks at the outbox after it has heard of a change. All relays on a database hear of each change, and one
/// of them gets its rows: were all to look at once, each further replica would cost a look for each change. So who found
/// nothing the last times waits, longer each time, and looks once for all that it has heard meanwhile. Who gets rows,
/// as the first one does, waits for nothing, and neither does anybody after a quiet second.
struct WakePacing: Equatable, Sendable {
  /// The first pause; each further one is twice as long.
  static let firstPause = Duration.milliseconds(10)
  /// By which a change is published later if the relay that got rows until now has gone.
  static let longestPause = Duration.milliseconds(250)
  /// After which all are alike again.
  static let quiet = Duration.seconds(1)

  private var misses = 0
  private var isWoken = false
  private var lastWake: MonotonicInstant?
  private var jitter: Jitter

  init(jitter: Jitter) { self.jitter = jitter }

  /// A change was heard of.
  /// - Returns: how long to wait before the outbox is looked at.
  mutating func heard(at now: MonotonicInstant) -> Duration {
    if let lastWake, now.duration(since: lastWake) > Self.quiet { misses = 0 }
    lastWake = now
    guard misses > 0 else { return .zero }
    let doublings = min(misses - 1, 10)
    return jitter.spread(min(Self.firstPause * (1 << doublings), Self.longestPause))
  }

  /// The outbox is looked at because of what was heard.
  mutating func woken() { isWoken = true }

  /// - Parameter isEmpty: whether a look found nothing. One that nobody was woken for says nothing of others.
  mutating func looked(isEmpty: Bool) {
    if !isEmpty { misses = 0 } else if isWoken { misses += 1 }
    isWoken = false
  }
}
