internal import Synchronization

/// A short name for one request, sent back as `X-Correlation-Id` and written to every log line about it, so that a
/// caller can quote what an error text does not tell.
///
/// 59 bits as 15 hex digits, as much as a Swift string holds without allocating; the first bit is 1, so that there are
/// always as many.
public struct CorrelationID: Hashable, Sendable, CustomStringConvertible {
  /// 15 hex digits in lower case.
  public let description: String

  private static let seed = UInt64.random(in: .min ... .max)
  private static let count = Atomic<UInt64>(0)

  /// `String(_:radix:)` takes several times as long, with each request.
  private static func hex(_ bits: UInt64) -> String {
    String(unsafeUninitializedCapacity: 15) { digits in
      for index in 0..<15 {
        let digit = UInt8(truncatingIfNeeded: bits >> UInt64(56 - 4 * index)) & 0xF
        digits[index] = digit < 10 ? UInt8(ascii: "0") &+ digit : UInt8(ascii: "a") &+ (digit &- 10)
      }
      return 15
    }
  }

  /// The next id of this process: a counter mixed with a random start (splitmix64), so that ids neither repeat nor
  /// show how many requests there have been. They are names, not secrets.
  public init() {
    let step = Self.count.wrappingAdd(1, ordering: .relaxed).newValue
    var bits = Self.seed &+ step &* 0x9E37_79B9_7F4A_7C15
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    bits ^= bits >> 31
    description = Self.hex(bits >> 4 | 1 << 59)
  }
}
