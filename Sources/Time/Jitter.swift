/// Spreads pauses, so that replicas that failed together do not come back together. A value, so that what decides with it
/// decides the same again when it is given the same seed.
public struct Jitter: Equatable, Sendable {
  /// Of the generator SplitMix64 (Steele, Lea and Flood, OOPSLA 2014); nil where nothing is spread.
  private var state: UInt64?

  /// Leaves each pause as it is: for tests that name instants.
  public static let none = Jitter(state: nil)

  /// - Parameter seed: another one for each replica, as a random number is.
  public init(seed: UInt64) { self.init(state: seed) }

  private init(state: UInt64?) { self.state = state }

  /// - Returns: a pause between half and all of `pause`.
  public mutating func spread(_ pause: Duration) -> Duration {
    guard let former = state else { return pause }
    let next = former &+ 0x9E37_79B9_7F4A_7C15
    state = next
    var mixed = (next ^ (next >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    mixed ^= mixed >> 31
    return pause * (0.5 + Double(mixed >> 11) / Double(1 << 54))
  }
}
