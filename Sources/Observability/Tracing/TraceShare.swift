/// A share of all traces: the last bits of the id decide, as in OpenTelemetry's `TraceIdRatioBased`, so that all who keep
/// one share keep the same traces.
struct TraceShare: Sendable {
  private let threshold: UInt64

  /// - Parameter ratio: 0 to 1; what is beyond counts as the nearer of the two.
  init(_ ratio: Double) {
    threshold = ratio >= 1 ? .max : ratio <= 0 ? 0 : UInt64(ratio * 0x1p64)
  }

  func contains(_ traceID: String) -> Bool {
    guard threshold < .max, let bits = UInt64(traceID.suffix(16), radix: 16) else { return threshold == .max }
    return bits < threshold
  }
}
