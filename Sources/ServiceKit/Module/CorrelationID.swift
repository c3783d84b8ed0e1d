internal import Synchronization

/// A short name for one request, sent back as `X-Correlation-Id` and written to every log line about it, so that a
/// caller can quote what an error text does not tell.
///
/// 60 bits as 15 hex digits: as much as a Swift string holds without allocating.
public struct CorrelationID: Hashable, Sendable, CustomStringConvertible {
  public let description: String

  private static let seed = UInt64.random(in: .min ... .max)
  private static let count = Atomic<UInt64>(0)

  /// The next id of this process: a counter mixed with a random start (splitmix64), so that ids neither repeat nor
  /// show how many requests there have been. They are names, not secrets.
  public init() {
    let step = Self.count.wrappingAdd(1, ordering: .relaxed).newValue
    var bits = Self.seed &+ step &* 0x9E37_79B9_7F4A_7C15
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    bits ^= bits >> 31
    var text = ""
    for shift in stride(from: 56, through: 0, by: -4) {
      let digit = UInt8(truncatingIfNeeded: bits >> UInt64(shift)) & 0xF
      text.unicodeScalars.append(Unicode.Scalar(digit < 10 ? 0x30 + digit : 0x57 + digit))
    }
    description = text
  }
}
