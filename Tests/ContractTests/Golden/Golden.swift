import Foundation
import Testing

/// What the gateway does today, written down beside the tests, so that a change that was not meant is seen.
///
/// A file differs: run the test with `GATEWAY_TEST_RECORD=1` in the environment, which writes it again, and say in the
/// commit why it changed.
enum Golden {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../Golden").standardizedFileURL

  /// Compares a text with the file of that name in `Tests/Golden`.
  static func check(_ text: String, _ name: String) throws {
    let file = folder.appendingPathComponent(name)
    let text = text.hasSuffix("\n") ? text : text + "\n"
    if ProcessInfo.processInfo.environment["GATEWAY_TEST_RECORD"] == "1" {
      try Data(text.utf8).write(to: file)
      return
    }
    let golden = try String(contentsOf: file, encoding: .utf8)
    guard golden != text else { return }
    let (was, becomes) = (lines(golden), lines(text))
    let first = zip(was, becomes).firstIndexWhere { $0 != $1 } ?? min(was.count, becomes.count)
    Issue.record(
      """
      Tests/Golden/\(name), line \(first + 1), says
        \(first < was.count ? was[first] : "nothing")
      and now it is
        \(first < becomes.count ? becomes[first] : "nothing")
      """
    )
  }

  private static func lines(_ text: String) -> [Substring] {
    text.split(separator: "\n", omittingEmptySubsequences: false)
  }

  /// A JSON text with a line for each member and element, in the order in which they stand.
  static func indented(_ json: String) -> String {
    var text = ""
    var depth = 0
    var isInString = false
    var isEscaped = false
    func newLine() { text += "\n" + String(repeating: "  ", count: depth) }
    for scalar in json.unicodeScalars {
      if isInString {
        text.unicodeScalars.append(scalar)
        if isEscaped {
          isEscaped = false
        } else if scalar == "\\" {
          isEscaped = true
        } else if scalar == "\"" {
          isInString = false
        }
        continue
      }
      switch scalar {
      case "{", "[":
        text.unicodeScalars.append(scalar)
        depth += 1
        newLine()
      case "}", "]":
        depth -= 1
        newLine()
        text.unicodeScalars.append(scalar)
      case ",":
        text += ","
        newLine()
      case ":": text += ": "
      default:
        text.unicodeScalars.append(scalar)
        isInString = scalar == "\""
      }
    }
    return text
  }
}

extension Sequence {
  fileprivate func firstIndexWhere(_ condition: (Element) -> Bool) -> Int? {
    enumerated().first { condition($0.element) }?.offset
  }
}
