internal import Synchronization

/// What has become of the tokens that callers sent, since the start.
public struct TokenStatistics: Hashable, Sendable {
  /// Checked in full, and good.
  public internal(set) var verified = 0
  /// Good, and remembered from an earlier check.
  public internal(set) var remembered = 0
  /// Refused, whatever the reason.
  public internal(set) var refused = 0
  /// Neither, because there were no keys to check them with.
  public internal(set) var unchecked = 0
}

/// Counts for `TokenStatistics`.
final class TokenCounters: Sendable {
  private let verified = Atomic<Int>(0)
  private let remembered = Atomic<Int>(0)
  private let refused = Atomic<Int>(0)
  private let unchecked = Atomic<Int>(0)

  func countVerified() { verified.add(1, ordering: .relaxed) }
  func countRemembered() { remembered.add(1, ordering: .relaxed) }
  func count(_ error: TokenError) {
    switch error {
    case .missing: break
    case .keysUnavailable: unchecked.add(1, ordering: .relaxed)
    default: refused.add(1, ordering: .relaxed)
    }
  }

  var statistics: TokenStatistics {
    TokenStatistics(
      verified: verified.load(ordering: .relaxed),
      remembered: remembered.load(ordering: .relaxed),
      refused: refused.load(ordering: .relaxed),
      unchecked: unchecked.load(ordering: .relaxed)
    )
  }
}
