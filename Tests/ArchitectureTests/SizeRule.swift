/// What is long is read seldom and wrongly: no function has more than 60 lines, half of the files have at most 90 and nine
/// of ten at most 250.
enum SizeRule {
  static let functionLines = 60
  static let medianLines = 90
  static let mostLines = 250

  /// - Returns: a sentence for each function that is too long, the longest first.
  static func functions(in tree: SourceTree) -> [String] {
    Dictionary(grouping: tree.lines, by: \.file).values
      .flatMap { tooLong($0.sorted { $0.number < $1.number }) }
      .sorted { ($1.lines, $0.place) < ($0.lines, $1.place) }
      .map { "\($0.place): a function of \($0.lines) lines" }
  }

  /// - Returns: a sentence for each of the two bounds that the files do not keep, all targets counted.
  static func files(in tree: SourceTree) -> [String] {
    // The last line ends with a line break, after which there is one more, empty.
    let sizes = Dictionary(grouping: tree.lines, by: \.file).values.map { $0.count - 1 }.sorted()
    guard !sizes.isEmpty else { return [] }
    let (median, most) = (sizes[sizes.count / 2], sizes[sizes.count * 9 / 10])
    return (median > medianLines ? ["half of the files have more than \(median - 1) lines"] : [])
      + (most > mostLines ? ["one in ten files has more than \(most - 1) lines"] : [])
  }

  private static func tooLong(_ lines: [SourceTree.Line]) -> [(place: String, lines: Int)] {
    lines.indices.filter { begins(lines[$0].code) }.compactMap { start in
      guard let end = end(of: start, lines), end - start + 1 > functionLines else { return nil }
      return (lines[start].place, end - start + 1)
    }
  }

  /// Whether a line begins a function, an initializer or a subscript.
  private static func begins(_ code: String) -> Bool {
    let words = code.split { [" ", "(", "<", "?"].contains($0) }
    guard let position = words.firstIndex(where: { ["func", "init", "deinit", "subscript"].contains($0) })
    else {
      return false
    }
    return words[..<position].allSatisfy { $0.hasPrefix("@") || SourceTree.modifiers.contains(String($0)) }
  }

  /// The line with the brace that closes the body; nil for a requirement of a protocol, which has none.
  private static func end(of start: Int, _ lines: [SourceTree.Line]) -> Int? {
    var braces = 0
    var parentheses = 0
    var hasBody = false
    for index in start..<lines.count {
      let code = lines[index].code
      if !hasBody, parentheses == 0, index > start, code.allSatisfy(\.isWhitespace) || begins(code) {
        return nil
      }
      for character in code {
        switch character {
        case "(": parentheses += 1
        case ")": parentheses -= 1
        case "{":
          braces += 1
          if parentheses == 0 { hasBody = true }
        case "}": braces -= 1
        default: break
        }
        if braces < 0 { return nil }
        if hasBody, braces == 0 { return index }
      }
    }
    return nil
  }
}
