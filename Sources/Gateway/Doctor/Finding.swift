internal import JSON
internal import ServiceKit

/// One thing that `gateway doctor` looked at.
struct Finding: Sendable, Equatable {
  enum Level: String, Sendable, Comparable {
    case ok
    /// It works, or will, but somebody should look at it.
    case warn
    /// The gateway does not start with it, or not everything works.
    case fail

    private var rank: Int {
      switch self {
      case .ok: 0
      case .warn: 1
      case .fail: 2
      }
    }

    static func < (left: Level, right: Level) -> Bool { left.rank < right.rank }
  }

  let level: Level
  /// `database`, `queues` …
  let area: String
  /// How things are.
  let text: String
  /// What to do about it; nil where there is nothing to do.
  let advice: String?

  init(_ level: Level, _ area: String, _ text: String, advice: String? = nil) {
    self.level = level
    self.area = area
    self.text = text
    self.advice = advice
  }

  /// As a terminal shows it: one line, and one more with what to do.
  var line: String {
    func padded(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(1, width - text.count))
    }
    let first = padded(level.rawValue, 6) + padded(area, 15) + text
    return advice.map { "\(first)\n      → \($0)" } ?? first
  }
}

extension [Finding] {
  /// How it stands with all of it.
  var level: Finding.Level { map(\.level).max() ?? .ok }

  /// `{"status":"warn","findings":[{"level":…,"area":…,"text":…,"advice":…}]}`.
  var json: [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.field("status", level.rawValue)
    json.key("findings")
    json.beginArray()
    for finding in self {
      json.beginObject()
      json.field("level", finding.level.rawValue)
      json.field("area", finding.area)
      json.field("text", finding.text)
      json.field("advice", finding.advice)
      json.endObject()
    }
    json.endArray()
    json.endObject()
    return json.bytes
  }
}
