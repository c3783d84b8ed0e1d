internal import Time

/// How long the statements of each name run: a mean in which the newest counts most.
struct StatementTimes: Sendable, Equatable {
  enum Pace: Sendable, Equatable {
    /// Always short so far: many may share a batch.
    case quick
    /// Not known, or in between: others' answers must not wait for it.
    case unproven
    /// Long: nothing is sent behind it.
    case slow
  }

  /// Above it a statement does not count as quick.
  static let quickLimit = Duration.milliseconds(5)
  /// From here on it counts as slow.
  static let slowLimit = Duration.milliseconds(20)

  /// Nanoseconds by kind; negative for none yet.
  private var means: [Int64] = []

  func pace(of kind: StatementKind) -> Pace {
    guard kind.number < means.count else { return .unproven }
    let mean = means[kind.number]
    if mean < 0 { return .unproven }
    if mean < Self.quickNanoseconds { return .quick }
    return mean < Self.slowNanoseconds ? .unproven : .slow
  }

  private static let quickNanoseconds = Int64(clamping: quickLimit.wholeNanoseconds)
  private static let slowNanoseconds = Int64(clamping: slowLimit.wholeNanoseconds)

  /// More than this counts as this, and a shorter time counts more than a longer one: what was held up with its session or its
  /// network is soon quick again. While it counts as slow it may have to wait for what is.
  private static let most: UInt64 = 100_000_000

  /// Notes that one has run for so long and ended.
  mutating func note(_ kind: StatementKind, _ time: UInt64) {
    makeRoom(for: kind)
    let mean = means[kind.number]
    let time = Int64(min(time, Self.most))
    means[kind.number] = mean < 0 ? time : mean + (time - mean) / (time < mean ? 2 : 4)
  }

  /// Notes that one has run for so long without coming to its end.
  mutating func noteRunning(_ kind: StatementKind, _ time: UInt64) {
    makeRoom(for: kind)
    means[kind.number] = max(means[kind.number], Int64(min(time, Self.most)), Self.slowNanoseconds)
  }

  private mutating func makeRoom(for kind: StatementKind) {
    if kind.number < means.count { return }
    means.append(contentsOf: repeatElement(-1, count: kind.number + 1 - means.count))
  }
}
