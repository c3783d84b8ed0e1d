internal import EventLoops
internal import Logging
internal import ServiceKit

/// Formats log events for `LogSink`: JSON with the keys `time`, `level`, `logger`, `message` and the metadata's own, or
/// text for people. Line breaks and other control characters of a value never reach the log as such.
struct GatewayLogHandler: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?
  private let label: String
  private let format: LogFormat
  private let sink: LogSink
  private let clock: any WallClock

  init(label: String, level: Logger.Level, format: LogFormat, sink: LogSink, clock: any WallClock) {
    self.label = label
    self.logLevel = level
    self.format = format
    self.sink = sink
    self.clock = clock
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var values = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }
    values.merge(event.metadata ?? [:]) { $1 }
    if let error = event.error { values["error"] = .string(String(describing: error)) }
    let pairs = values.sorted { $0.key < $1.key }.map { ($0.key, String(describing: $0.value)) }
    sink.write(format == .json ? json(event, pairs) : text(event, pairs))
  }

  private func json(_ event: LogEvent, _ pairs: [(String, String)]) -> String {
    var writer = JSONWriter(capacity: 256)
    writer.beginObject()
    writer.field("time", clock.now().instantText)
    writer.field("level", event.level.rawValue)
    writer.field("logger", label)
    writer.field("message", event.message.description)
    for (name, value) in pairs {
      writer.key(name)
      writer.value(value)
    }
    writer.endObject()
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  /// Time of day in UTC, level, message, then the metadata.
  private func text(_ event: LogEvent, _ pairs: [(String, String)]) -> String {
    let time = clock.now().instantText.dropFirst(11).prefix(8)
    let level = event.level.rawValue.uppercased()
    let padding = String(repeating: " ", count: max(0, 8 - level.count))
    let details = pairs.map { "  \($0)=\(Self.printable($1))" }.joined()
    return "\(time) \(level)\(padding)\(Self.printable(event.message.description))\(details)"
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
