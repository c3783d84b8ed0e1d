/// The numbers of one run: the same for the same seed, on every machine (SplitMix64).
public struct Seed: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(_ seed: UInt64) { state = seed &* 0xD1B5_4A32_D192_ED03 &+ 1 }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// - Parameter percent: how often it is so, of a hundred times.
  public mutating func chance(_ percent: Int) -> Bool { number(below: 100) < percent }

  /// - Parameter count: at least 1.
  public mutating func number(below count: Int) -> Int { Int(next() % UInt64(max(1, count))) }

  /// A duration within the range, to the microsecond.
  public mutating func duration(_ least: Duration, _ most: Duration) -> Duration {
    let span = max(1, (most - least) / .microseconds(1))
    return least + .microseconds(Int64(next() % UInt64(span)))
  }
}
