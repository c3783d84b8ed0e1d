internal import Synchronization

/// Ids of traces and spans: counters mixed with a random start (splitmix64), so that they look random, never repeat in
/// a process and cost no system call.
public final class TraceIDs: Sendable {
  /// Those of the process.
  public static let shared = TraceIDs()

  private let count = Atomic<UInt64>(0)
  private let seed = UInt64.random(in: .min ... .max)
  private let traceSeed = UInt64.random(in: .min ... .max)

  init() {}

  /// 16 hex digits of a span.
  public func spanID() -> String {
    var text = ""
    Self.append(next(seed), to: &text)
    return text
  }

  /// 32 hex digits of a trace.
  public func traceID() -> String {
    var text = ""
    text.reserveCapacity(32)
    Self.append(next(traceSeed), to: &text)
    Self.append(next(seed), to: &text)
    return text
  }

  /// The `traceparent` of the first span of a new trace, sampled: one text, in one piece of memory.
  public func traceparent() -> String {
    var text = ""
    text.reserveCapacity(55)
    text += "00-"
    Self.append(next(traceSeed), to: &text)
    Self.append(next(seed), to: &text)
    text += "-"
    Self.append(next(seed), to: &text)
    text += "-01"
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
