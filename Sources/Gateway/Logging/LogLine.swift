internal import JSON
internal import ServiceKit
internal import Time

/// One line of the log, before it is text: JSON with the keys `time`, `level`, `logger`, `message` and the details' own,
/// or text for people. Line breaks and other control characters of a value never reach the log as such.
struct LogLine: Sendable {
  let time: Timestamp
  let level: String
  let logger: String
  let message: String
  /// In the order they are written.
  let details: [(name: String, value: String)]

  func text(_ format: LogFormat) -> String { format == .json ? json : readable }

  private var json: String {
    var writer = JSONWriter(capacity: 256)
    writer.beginObject()
    writer.field("time", time.instantText)
    writer.field("level", level)
    writer.field("logger", logger)
    writer.field("message", message)
    for (name, value) in details {
      writer.key(name)
      writer.value(value)
    }
    writer.endObject()
    return writer.text
  }

  /// Time of day in UTC, level, message, then the details.
  private var readable: String {
    let clock = time.instantText.dropFirst(11).prefix(8)
    let padding = String(repeating: " ", count: max(0, 8 - level.count))
    let details = details.map { "  \($0.name)=\(Self.printable($0.value))" }.joined()
    return "\(clock) \(level.uppercased())\(padding)\(Self.printable(message))\(details)"
  }

  /// The text with control characters written as escapes, so that a value cannot fake a line of its own.
  private static func printable(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
      return text
    }
    return text.unicodeScalars.map {
      $0.properties.generalCategory == .control ? $0.escaped(asASCII: true) : String($0)
    }.joined()
  }
}
