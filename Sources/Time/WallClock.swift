internal import CLinux

/// Where the time of day comes from. Passed in, so that tests can set it.
public protocol WallClock: Sendable {
  /// The time of day, to the microsecond.
  func now() -> Timestamp
}

/// The machine's clock (CLOCK_REALTIME), truncated to microseconds.
public struct SystemClock: WallClock {
  /// A clock has no state: any number of them say the same.
  public init() {}

  public func now() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
  }
}
