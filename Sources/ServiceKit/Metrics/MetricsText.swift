/// What kind of number a metric is.
public enum MetricKind: String, Sendable {
  /// Only grows, from zero at the start of the process.
  case counter
  /// Goes up and down.
  case gauge
  case histogram
}

/// The text format that Prometheus reads, version 0.0.4.
struct MetricsText {
  private(set) var bytes: [UInt8] = []

  init() { bytes.reserveCapacity(65_536) }

  mutating func family(_ name: String, _ help: String, _ kind: MetricKind) {
    let escaped = help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    bytes.append(contentsOf: "# HELP \(name) \(escaped)\n# TYPE \(name) \(kind.rawValue)\n".utf8)
  }

  mutating func sample(_ name: String, _ labels: [(String, String)], _ value: Double) {
    bytes.append(contentsOf: name.utf8)
    if !labels.isEmpty {
      bytes.append(UInt8(ascii: "{"))
      for (index, label) in labels.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        bytes.append(contentsOf: label.0.utf8)
        bytes.append(contentsOf: "=\"".utf8)
        for byte in label.1.utf8 { appendEscaped(byte) }
        bytes.append(UInt8(ascii: "\""))
      }
      bytes.append(UInt8(ascii: "}"))
    }
    bytes.append(UInt8(ascii: " "))
    bytes.append(contentsOf: Self.number(value).utf8)
    bytes.append(UInt8(ascii: "\n"))
  }

  private mutating func appendEscaped(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\\"): bytes.append(contentsOf: "\\\\".utf8)
    case UInt8(ascii: "\""): bytes.append(contentsOf: "\\\"".utf8)
    case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
    default: bytes.append(byte)
    }
  }

  /// A number as Go reads it; whole ones without a fraction.
  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    if let whole = Int64(exactly: value) { return String(whole) }
    return String(value)
  }
}
