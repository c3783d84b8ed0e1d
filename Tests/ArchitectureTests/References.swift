import Foundation

/// References to documents in comments, tests' names and documents, in the forms of `CONTRIBUTING.md`, and whether what
/// they name is there.
///
/// Comments are read with their line breaks taken out, so that a reference may go over two lines.
struct References {
  static let folders = ["Sources", "Tests", "Benchmarks", "deploy", ".ci", "docs"]
  static let pages = ["README.md", "CONTRIBUTING.md", "Package.swift"]
  /// What a text has that refers to anything but files.
  private static let signs = ["\u{A7}", ".md", "section", "test case", "\"AD-"]
  private static let textual: Set = ["swift", "md", "py", "sh", "h", "c", "yaml", "txt", "lua", ""]

  private let root: String
  private let documents: DocumentPages

  /// - Parameter root: the folder of the package.
  init(root: String) {
    self.root = root
    documents = DocumentPages(root: root)
  }

  /// - Returns: a sentence for each reference that is not there or is not written as all are, with its place.
  func violations() -> [String] {
    var found: [String] = []
    for path in files() {
      guard let text = try? String(contentsOfFile: "\(root)/\(path)", encoding: .utf8) else { continue }
      if path.hasSuffix(".swift") { found += checkFiles(namedIn: text, of: path) }
      // Most files refer to nothing else, and reading a text with an expression takes long.
      guard Self.signs.contains(where: text.contains) else { continue }
      found += check(RunningText(text), of: path)
      if path.hasPrefix("Tests/"), path.hasSuffix(".swift") { found += checkRows(named: text, of: path) }
    }
    return found
  }

  private func files() -> [String] {
    let below = Self.folders.flatMap { folder in
      (try? FileManager.default.subpathsOfDirectory(atPath: "\(root)/\(folder)"))?.map { "\(folder)/\($0)" }
        ?? []
    }
    return (below + Self.pages).sorted().filter { path in
      let name = path.split(separator: "/").last ?? ""
      let kind = name.split(separator: ".", omittingEmptySubsequences: false).dropFirst().last ?? ""
      return Self.textual.contains(String(kind)) && !path.hasPrefix("Tests/Golden/")
    }
  }

  // MARK: One text

  private func check(_ text: RunningText, of path: String) -> [String] {
    var found: [String] = []
    let tell = { (index: String.Index, what: String) in
      found.append("\(path):\(text.line(of: index)): \(what)")
    }
    let isContract = path.hasPrefix("docs/contract/")
    var good: Set<String.Index> = []
    for match in text.text.matches(of: Self.reference) {
      let document = String(match.output.1)
      let list = match.output.2
      for index in list.indices where list[index] == "\u{A7}" { good.insert(index) }
      guard document.hasSuffix(".md") else { continue }
      missing(list, in: document).forEach { tell(match.range.lowerBound, $0) }
    }
    for match in text.text.matches(of: Self.sections) where !good.contains(match.range.lowerBound) {
      if isContract {
        missing(match.output, in: path).forEach { tell(match.range.lowerBound, $0) }
      } else if !match.output.indices.contains(where: good.contains) {
        tell(match.range.lowerBound, "\(match.output) stands without its document")
      }
    }
    for match in text.text.matches(of: Self.document) {
      let (name, anchor) = (String(match.output.1), match.output.2.map(String.init))
      guard let page = documents.page(name) ?? documents.page(besides(path, name)) else {
        tell(match.range.lowerBound, "there is no \(name)")
        continue
      }
      if let anchor, !page.anchors.contains(anchor) {
        tell(match.range.lowerBound, "\(name) has no heading #\(anchor)")
      }
    }
    for match in text.text.matches(of: Self.formerForm) {
      tell(match.range.lowerBound, "\"\(match.output)\" is not how CONTRIBUTING.md has sections written")
    }
    return found
  }

  /// A page as another page links to it: from its own folder.
  private func besides(_ path: String, _ name: String) -> String {
    guard path.hasSuffix(".md") else { return name }
    let folder = path.split(separator: "/").dropLast().joined(separator: "/")
    return NSString(string: "\(folder)/\(name)").standardizingPath
  }

  private func missing(_ list: Substring, in document: String) -> [String] {
    guard let page = documents.page(document) else { return [] }
    return list.matches(of: Self.section).flatMap { match -> [String] in
      let section = String(match.output.1)
      guard page.sections.contains(section) else { return ["\(document) has no section \(section)"] }
      let rows = match.output.2.map(Self.rows) ?? []
      return rows.filter { !(page.rows[section]?.contains($0) ?? false) }
        .map { "\(document) has no row \($0) in section \(section)" }
    }
  }

  /// Tests say at their beginning which rows of the test cases they show (`AD-12, 14 to 16: …`): a number is one of the
  /// page that their suite names, and the rows of adoption have names of their own, which any test may say.
  private func checkRows(named text: String, of path: String) -> [String] {
    let suite = text.firstMatch(of: Self.suite).map { String($0.output.1) }
    return text.matches(of: Self.testOfRows).flatMap { match in
      Self.rows(match.output.1).compactMap { row in
        guard let name = row.hasPrefix("AD-") ? Self.adoption : suite, let page = documents.page(name),
          let section = page.testCases, !(page.rows[section]?.contains(row) ?? false)
        else { return nil }
        return "\(path): \(name) has no row \(row) in section \(section)"
      }
    }
  }

  /// Files of the package that a comment names, by their paths from its root.
  private func checkFiles(namedIn text: String, of path: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().flatMap {
      index,
      line -> [String] in
      guard let comment = line.range(of: "//"), Self.folders.contains(where: { line.contains($0 + "/") })
      else {
        return []
      }
      return line[comment.upperBound...].matches(of: Self.file).compactMap { match in
        let name = String(match.output.1)
        let isThere = FileManager.default.fileExists(atPath: "\(root)/\(name)")
        return isThere ? nil : "\(path):\(index + 1): there is no \(name)"
      }
    }
  }

  // MARK: Forms

  private static let adoption = "docs/contract/adoption.md"

  // `nonisolated(unsafe)`: `Regex` is not Sendable; these are constants that are only matched with.

  // A section, with rows of its table or without; several of them with `, ` or ` to ` between; a document before them.
  nonisolated(unsafe) private static let section =
    #/\u{A7}(\d+(?:\.\d+)*)(?: rows? ([A-Z]{0,3}-?\d+(?:(?:, | to )[A-Z]{0,3}-?\d+)*))?/#
  nonisolated(unsafe) private static let sections =
    #/\u{A7}\d+(?:\.\d+)*(?: rows? [A-Z]{0,3}-?\d+(?:(?:, | to )[A-Z]{0,3}-?\d+)*)?/#
  nonisolated(unsafe) private static let reference =
    #/(docs/[\w/.\-]+\.md|RFC \d{3,5}|W3C Trace Context|WHATWG URL) (\u{A7}\d+(?:\.\d+)*(?: rows? [A-Z]{0,3}-?\d+(?:(?:, | to )[A-Z]{0,3}-?\d+)*)?(?:(?:, | to )\u{A7}\d+(?:\.\d+)*(?: rows? [A-Z]{0,3}-?\d+(?:(?:, | to )[A-Z]{0,3}-?\d+)*)?)*)/#
  nonisolated(unsafe) private static let document = #/([\w/.-]+\.md)\b(?:#([\w-]+))?/#
  // A pattern for names (`*`) is not looked up.
  nonisolated(unsafe) private static let file =
    #/(?:^|[ `(])((?:Sources|Tests|Benchmarks|deploy|docs|\.ci)/[\w./+\-]*\w)(?![\w*.\-]|/\w)/#
  nonisolated(unsafe) private static let formerForm =
    #/(?:RFC \d+,? sections?|contract \u{A7}|\bsections? \d+\.\d+|\bof section \d+|\btest cases? \d+)/#
  nonisolated(unsafe) private static let suite = #/@Suite\(\s*"(docs/contract/[\w-]+\.md) \u{A7}/#
  nonisolated(unsafe) private static let testOfRows =
    #/@Test\(\s*"((?:AD-)?\d+(?:(?:, | to )(?:AD-)?\d+)*): /#

  /// `3, 5 to 7` as its numbers; a row that is named otherwise (`AD-27`) keeps its name.
  private static func rows(_ text: Substring) -> [String] {
    text.split(separator: ", ").flatMap { part -> [String] in
      let ends = part.components(separatedBy: " to ")
      guard ends.count == 2, let first = number(ends[0]), let last = number(ends[1]), first.value < last.value
      else {
        return ends
      }
      return (first.value...last.value).map { "\(first.prefix)\($0)" }
    }
  }

  private static func number(_ text: String) -> (prefix: Substring, value: Int)? {
    let digits = text.drop { !$0.isNumber }
    return Int(digits).map { (text.prefix(text.count - digits.count), $0) }
  }
}

/// A text with the line breaks of comments and paragraphs taken out, and where its lines were.
struct RunningText {
  let text: String
  private let starts: [(offset: Int, line: Int)]

  init(_ source: String) {
    var text = ""
    var starts: [(Int, Int)] = []
    for (index, line) in source.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      var rest = line.drop(while: \.isWhitespace)
      if rest.hasPrefix("//") {
        rest = rest.drop { $0 == "/" }
      } else if rest.hasPrefix("# ") {
        rest = rest.dropFirst()
      }
      starts.append((text.utf8.count, index + 1))
      text += rest.drop(while: \.isWhitespace) + " "
    }
    self.text = text
    self.starts = starts
  }

  func line(of index: String.Index) -> Int {
    let offset = text.utf8.distance(from: text.startIndex, to: index)
    return starts.last { $0.offset <= offset }?.line ?? 1
  }
}
