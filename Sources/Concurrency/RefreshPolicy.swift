public import Time

/// How long a value may be used.
public struct Lifetime: Sendable {
  /// From when on it is replaced in the background.
  public var due: MonotonicInstant
  /// From when on callers wait for another, and have this one only if no other can be had.
  public var stale: MonotonicInstant
  /// From when on it is not used at all.
  public var end: MonotonicInstant

  /// - Parameters:
  ///   - due: not after `stale`; nil if it is never replaced in the background.
  ///   - end: not before `stale`; nil if it is not used any more once it is stale.
  public init(due: MonotonicInstant? = nil, stale: MonotonicInstant, end: MonotonicInstant? = nil) {
    self.due = due ?? stale
    self.stale = stale
    self.end = end ?? stale
  }
}

/// When `Refreshing` loads.
public struct RefreshPolicy<Value: Sendable>: Sendable {
  /// A value, and when it was got.
  public struct Loaded: Sendable {
    public let value: Value
    /// When its load began: the value says nothing of what came later.
    public let began: MonotonicInstant
    /// When it was there.
    public let ended: MonotonicInstant
  }

  /// How long one load may take.
  public var timeout: Duration
  /// How long a value may be used.
  public var lifetime: @Sendable (Loaded) -> Lifetime
  /// From the beginning of a load to that of the next, with a value to go on with. Default none.
  public var leastInterval = Duration.zero
  /// The same while there is no value. Default none.
  public var leastIntervalWithoutValue = Duration.zero
  /// The pauses after failures; nil, the default, for none.
  public var backOff: BackOff?
  /// Whether a caller who would wait in such a pause is told at once why the last load failed; else it begins another.
  /// Default false.
  public var isFailureKept = false

  public init(timeout: Duration, lifetime: @escaping @Sendable (Loaded) -> Lifetime) {
    self.timeout = timeout
    self.lifetime = lifetime
  }
}
