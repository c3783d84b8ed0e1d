/// Exponential back-off: pauses between attempts, each twice the one before, up to a limit.
public struct BackOff: Equatable, Sendable {
  /// The pause after the first failure.
  public let initial: Duration
  /// No pause is longer.
  public let maximum: Duration
  /// Whether each pause is somewhere between half and all of its length, so that replicas that failed together do not
  /// come back together.
  public let hasJitter: Bool
  /// How many failures there were since the last success.
  public private(set) var failures = 0

  /// - Parameters:
  ///   - initial: the pause after the first failure.
  ///   - maximum: no pause is longer.
  ///   - hasJitter: whether each pause is somewhere between half and all of its length.
  public init(initial: Duration, maximum: Duration, hasJitter: Bool = true) {
    self.initial = initial
    self.maximum = maximum
    self.hasJitter = hasJitter
  }

  /// The pause after one more failure.
  public mutating func next() -> Duration {
    defer { failures += 1 }
    return delay(failures: failures)
  }

  /// After a success: the next pause is the first one again.
  public mutating func reset() { failures = 0 }

  /// The pause after `failures` earlier ones, from 0.
  public func delay(failures: Int) -> Duration {
    let factor = 1 << min(max(failures, 0), 30)
    let delay = min(initial * factor, maximum)
    return hasJitter ? delay * Double.random(in: 0.5...1) : delay
  }
}
