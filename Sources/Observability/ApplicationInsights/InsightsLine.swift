internal import EventLoops
internal import Logging

/// What the agent says of each line of the log (docs/contract/adoption.md §3).
enum InsightsLine {
  /// Custom dimensions of a line of the logger `name`, on the running thread.
  static func properties(of name: String) -> [String: String] {
    let thread = EventLoop.current.map { "event-loop-\($0.index)" } ?? "pool"
    return ["SourceType": "Logger", "LoggerName": name, "ThreadName": thread]
  }

  /// An error has no stack of calls in Swift: what it was, and where it was told.
  static func stack(_ type: String, _ message: String, _ event: LogEvent) -> String {
    "\(type): \(message)\n\tat \(event.function)(\(event.file):\(event.line))"
  }
}
