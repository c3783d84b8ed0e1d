internal import Synchronization
internal import Text

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
  public func spanID() -> String { text(16) { $0.append(hexadecimal: next(seed)) } }

  /// 32 hex digits of a trace.
  public func traceID() -> String {
    text(32) { digits in
      digits.append(hexadecimal: next(traceSeed))
      digits.append(hexadecimal: next(seed))
    }
  }

  /// The `traceparent` of the first span of a new trace, sampled.
  public func traceparent() -> String {
    text(55) { text in
      text.append(contentsOf: "00-".utf8)
      text.append(hexadecimal: next(traceSeed))
      text.append(hexadecimal: next(seed))
      text.append(UInt8(ascii: "-"))
      text.append(hexadecimal: next(seed))
      text.append(contentsOf: "-01".utf8)
    }
  }

  private func text(_ length: Int, _ write: (inout [UInt8]) -> Void) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(length)
    write(&bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  private func next(_ seed: UInt64) -> UInt64 {
    let step = count.wrappingAdd(1, ordering: .relaxed).newValue
    var bits = seed &+ step &* 0x9E37_79B9_7F4A_7C15
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    bits ^= bits >> 31
    return bits == 0 ? 1 : bits
  }
}
