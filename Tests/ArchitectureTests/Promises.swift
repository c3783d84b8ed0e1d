import Foundation

/// The tables of `docs/operations.md` and `docs/moving-over.md` that name, for each promise to operators and for each
/// difference from the services replaced, the tests that show it.
///
/// Its second column holds tests as `` `SuiteFile` "sentence" `` (the file's name without `.swift`, and what stands in
/// `@Test`), or a command of `deploy/check` or `Benchmarks` in backticks, with `<br>` between them.
struct Promises {
  struct Promise: Equatable {
    let text: String
    let evidence: [Evidence]
  }

  enum Evidence: Equatable {
    case test(file: String, sentence: String)
    case command(path: String)
    case unreadable(String)
  }

  static let heading = "## What is promised, and what shows it"
  static let differencesHeading = "## What differs from the services it replaces"

  let promises: [Promise]

  /// - Parameter heading: of the section whose only table it is.
  init(page: String, heading: String = Self.heading) {
    let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
    let section = lines.drop { $0 != heading }.dropFirst()
    let rows = section.prefix { !$0.hasPrefix("## ") }.filter { $0.hasPrefix("| ") }
    // The first row is the header; the line of dashes begins with "|-".
    promises = rows.dropFirst().map { row in
      // No cell holds a bar.
      let cells = row.components(separatedBy: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      return Promise(
        text: cells[1],
        evidence: (cells.count == 4 ? cells[2] : "").components(separatedBy: "<br>").map(Self.evidence)
      )
    }
  }

  private static func evidence(_ text: String) -> Evidence {
    let parts = text.split(separator: "`", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].isEmpty else { return .unreadable(text) }
    let (name, rest) = (parts[1], parts[2])
    if rest.hasPrefix(" \""), rest.hasSuffix("\""), rest.count > 3 {
      return .test(file: "\(name).swift", sentence: String(rest.dropFirst(2).dropLast()))
    }
    let path = name.prefix { $0 != " " }
    return rest.isEmpty && path.contains("/") ? .command(path: String(path)) : .unreadable(text)
  }

  /// - Parameter root: the folder that `Tests` lies in.
  /// - Returns: a sentence for each promise whose evidence is not there.
  func violations(root: String) throws -> [String] {
    var texts: [String: String] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: root + "/Tests")
    where name.hasSuffix(".swift") {
      texts[(name as NSString).lastPathComponent, default: ""] += try String(
        contentsOfFile: "\(root)/Tests/\(name)",
        encoding: .utf8
      )
    }
    return promises.flatMap { promise in
      promise.evidence.compactMap { evidence in
        switch evidence {
        case .test(let file, let sentence):
          guard let text = texts[file] else { return "\(promise.text): there is no \(file)" }
          return text.contains("\"\(sentence)\"")
            ? nil : "\(promise.text): \(file) has no test \"\(sentence)\""
        case .command(let path):
          return FileManager.default.fileExists(atPath: "\(root)/\(path)")
            ? nil : "\(promise.text): there is no \(path)"
        case .unreadable(let text): return "\(promise.text): \"\(text)\" names no test"
        }
      }
    }
  }
}
