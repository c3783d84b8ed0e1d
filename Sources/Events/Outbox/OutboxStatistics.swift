/// How an outbox stands: the table's part holds for all processes, the rest for this one.
public struct OutboxStatistics: Equatable, Sendable {
  /// Messages committed and neither published nor set aside.
  public var depth = 0
  /// How long the oldest of them has waited; nil if there is none.
  public var oldestAge: Duration?
  /// Messages whose content the broker refused, or that were meant for another destination. They stay in the table until
  /// a person has looked.
  public var setAside = 0
  /// Messages published by this process since it started.
  public var published = 0
  /// Calls of the broker that failed since this process started.
  public var failures = 0
  /// Rows that another relay had claimed meanwhile when this one wanted to mark them.
  public var lostClaims = 0
  /// What failed last, without any of a message; nil once something was published after it.
  public var lastError: String?

  /// An outbox with nothing in it.
  public init() {}

  /// Both together.
  static func + (left: Self, right: Self) -> Self {
    var sum = left
    sum.depth += right.depth
    sum.oldestAge = [left.oldestAge, right.oldestAge].compactMap(\.self).max()
    sum.setAside += right.setAside
    sum.published += right.published
    sum.failures += right.failures
    sum.lostClaims += right.lostClaims
    sum.lastError = left.lastError ?? right.lastError
    return sum
  }
}
