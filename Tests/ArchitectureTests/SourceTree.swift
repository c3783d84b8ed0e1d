import Foundation

/// The Swift files below a folder such as `Sources`, one folder a target.
struct SourceTree {
  /// One line of one file, without comments and without what stands in string literals.
  struct Line {
    let target: String
    /// Path below the folder.
    let file: String
    /// From 1.
    let number: Int
    let code: String
    /// Whether a comment stands directly above, or on the line itself.
    let hasComment: Bool

    var place: String { "\(file):\(number)" }
  }

  /// Names of the folders that hold Swift files.
  let targets: [String]
  let lines: [Line]

  /// - Parameters:
  ///   - root: the folder of the package.
  ///   - folder: the one in it that holds the targets.
  init(root: String, folder: String = "Sources") throws {
    let sources = "\(root)/\(folder)"
    var lines: [Line] = []
    var targets: Set<String> = []
    let names = try FileManager.default.subpathsOfDirectory(atPath: sources).sorted()
    for name in names where name.hasSuffix(".swift") {
      let target = String(name.prefix { $0 != "/" })
      targets.insert(target)
      let text = try String(contentsOfFile: "\(sources)/\(name)", encoding: .utf8)
      lines += Self.lines(of: text, target: target, file: name)
    }
    self.targets = targets.sorted()
    self.lines = lines
  }

  static func lines(of text: String, target: String, file: String) -> [Line] {
    var reader = CodeReader()
    var isBelowComment = false
    return text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map { index, raw in
      let (code, comment) = reader.read(raw)
      let isCommentOnly = comment && code.allSatisfy(\.isWhitespace)
      let isAttributeOnly = code.drop(while: \.isWhitespace).hasPrefix("@") && !code.contains(" class ")
      let line = Line(
        target: target,
        file: file,
        number: index + 1,
        code: code,
        hasComment: comment || isBelowComment
      )
      isBelowComment = isCommentOnly || isBelowComment && isAttributeOnly
      return line
    }
  }

  private static let kinds: Set = ["struct", "class", "enum", "actor", "protocol", "extension"]

  /// The type or extension that a line at the left margin declares.
  static func declaration(_ code: String) -> (name: String, isExtension: Bool, isPrivate: Bool)? {
    guard let first = code.first, !first.isWhitespace else { return nil }
    let words = code.split { [" ", ":", "<", "{"].contains($0) }
    guard let position = words.firstIndex(where: { kinds.contains(String($0)) }), position + 1 < words.count,
      words[..<position].allSatisfy({ $0.hasPrefix("@") || modifiers.contains(String($0)) })
    else { return nil }
    let isPrivate = words[..<position].contains { $0 == "private" || $0 == "fileprivate" }
    return (String(words[position + 1]), words[position] == "extension", isPrivate)
  }

  /// Whether a line that begins a declaration says that other targets may use it.
  static func isForOthers(_ code: some StringProtocol) -> Bool {
    let words = code.split(separator: " ")
    guard let position = words.firstIndex(where: { ["public", "package"].contains($0) }) else { return false }
    return words[..<position].allSatisfy { $0.hasPrefix("@") || modifiers.contains(String($0)) }
      && !["import", "extension"].contains(words.dropFirst(position + 1).first)
  }

  static let modifiers: Set = [
    "public", "package", "internal", "fileprivate", "private", "final", "static", "class", "override",
    "convenience",
    "indirect", "mutating", "nonisolated", "isolated", "lazy", "required", "weak",
  ]

  /// The package that this file belongs to.
  static var packageRoot: String {
    let here = URL(fileURLWithPath: #filePath)
    return here.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
  }
}

/// Tells code from comments and string literals, line by line. Knows `//`, nested `/* */`, `"…"`, `"""…"""`, and both
/// kinds of literals with `#` around them.
struct CodeReader {
  private var commentDepth = 0
  /// What ends the multi-line literal that we are in.
  private var literalEnd: String?

  /// - Returns: the line's code, each literal's content dropped, and whether there is a comment on it.
  mutating func read(_ line: Substring) -> (code: String, hasComment: Bool) {
    var code = ""
    var hasComment = commentDepth > 0
    var rest = line
    while !rest.isEmpty {
      if let end = literalEnd {
        guard let range = rest.range(of: end) else { return (code, hasComment) }
        rest = rest[range.upperBound...]
        literalEnd = nil
      } else if commentDepth > 0 {
        if rest.hasPrefix("*/") {
          commentDepth -= 1
          rest = rest.dropFirst(2)
        } else if rest.hasPrefix("/*") {
          commentDepth += 1
          rest = rest.dropFirst(2)
        } else {
          rest = rest.dropFirst()
        }
      } else if rest.hasPrefix("//") {
        return (code, true)
      } else if rest.hasPrefix("/*") {
        hasComment = true
        commentDepth = 1
        rest = rest.dropFirst(2)
      } else if let opening = Self.literal(at: rest) {
        code += "\"\""
        rest = rest.dropFirst(opening.length)
        if opening.isMultiLine {
          literalEnd = opening.end
        } else {
          rest = Self.afterLiteral(rest, opening)
        }
      } else {
        code.append(rest.removeFirst())
      }
    }
    return (code, hasComment)
  }

  private struct Opening {
    let length: Int
    let end: String
    let isMultiLine: Bool
    let isRaw: Bool
  }

  private static func literal(at text: Substring) -> Opening? {
    let pounds = text.prefix { $0 == "#" }
    let quoted = text.dropFirst(pounds.count)
    guard quoted.first == "\"" else { return nil }
    let isMultiLine = quoted.hasPrefix("\"\"\"")
    let quotes = isMultiLine ? "\"\"\"" : "\""
    return Opening(
      length: pounds.count + quotes.count,
      end: quotes + pounds,
      isMultiLine: isMultiLine,
      isRaw: !pounds.isEmpty
    )
  }

  private static func afterLiteral(_ text: Substring, _ opening: Opening) -> Substring {
    var rest = text
    while !rest.isEmpty {
      if rest.hasPrefix(opening.end) { return rest.dropFirst(opening.end.count) }
      rest = rest.dropFirst(!opening.isRaw && rest.first == "\\" ? 2 : 1)
    }
    return rest
  }
}
