internal import Synchronization

/// Ids of traces and spans: counters mixed with a random start (splitmix64), so that they look random, never repeat in
/// a process and cost no system call.
final class TraceIDs: Sendable {
  private let count = Atomic<UInt64>(0)
  private let seed = UInt64.random(in: .min ... .max)
  private let traceSeed = UInt64.random(in: .min ... .max)

  func spanID() -> String {
    var text = ""
    Self.append(next(seed), to: &text)
    return text
  }

  func traceID() -> String {
    var text = ""
    text.reserveCapacity(32)
    Self.append(next(traceSeed), to: &text)
    Self.append(next(seed), to: &text)
    return text
  }

  private func next(_ seed: UInt64) -> UInt64 {
    let step = count.wrappingAdd(1, ordering: .relaxed).newValue
    var bits = seed &+ step &* 0x9E37_79B9_7F4A_7C15
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    bits ^= bits >> 31
    return bits == 0 ? 1 : bits
  }

  private static func append(_ bits: UInt64, to text: inout String) {
    for shift in stride(from: 60, through: 0, by: -4) {
      let digit = UInt8(truncatingIfNeeded: bits >> UInt64(shift)) & 0xF
      text.unicodeScalars.append(Unicode.Scalar(digit < 10 ? 0x30 + digit : 0x57 + digit))
    }
  }
}
