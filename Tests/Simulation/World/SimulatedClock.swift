public import Time

/// The time of a run: a monotonic clock that the scheduler moves, and the wall clock of the database's server, which jumps.
public struct SimulatedClock: Sendable {
  /// What everything but the database goes by.
  public internal(set) var now = MonotonicInstant(nanoseconds: 1_000_000_000_000)
  /// How far the server's clock has jumped, forwards or backwards.
  public internal(set) var jumps = Duration.zero

  /// The server's clock, in microseconds.
  public var wall: Int64 {
    Int64(clamping: now.nanoseconds / 1000) + Int64(jumps / .microseconds(1)) + 1_000_000_000
  }
}
