/// A function of a suite that takes nothing and is not private is a test, and has `@Test`: one that was forgotten would
/// never run, and nobody would see it.
enum SuiteRule {
  private struct Function {
    let place: String
    let name: String
    let isTest: Bool
    let isHelper: Bool
  }

  private struct Scope {
    let type: String
    let depth: Int
  }

  /// - Parameter tree: of the folder `Tests`.
  /// - Returns: a sentence for each such function.
  static func violations(in tree: SourceTree) -> [String] {
    var functions: [String: [Function]] = [:]
    var suites: Set<String> = []
    for lines in Dictionary(grouping: tree.lines, by: \.file).values {
      read(lines.sorted { $0.number < $1.number }, &functions, &suites)
    }
    return functions.filter { suites.contains($0.key) || $0.value.contains(where: \.isTest) }.values.joined()
      .filter { !$0.isTest && !$0.isHelper }
      .map { "\($0.place): \($0.name) has no @Test, and is not private" }.sorted()
  }

  /// Reads a file line by line: types by their braces, attributes until the declaration that they belong to.
  private static func read(
    _ lines: [SourceTree.Line],
    _ functions: inout [String: [Function]],
    _ suites: inout Set<String>
  ) {
    var scopes: [Scope] = []
    var depth = 0
    var attributes = ""
    for line in lines {
      let code = line.code.trimmingPrefix { $0.isWhitespace }
      let isOpen = attributes.count { $0 == "(" } > attributes.count { $0 == ")" }
      if isOpen || code.hasPrefix("@") { attributes += " " + code }
      if !isOpen, let declaration = declaration(code) {
        let (kind, name, before) = declaration
        if kind == "func" {
          if let scope = scopes.last, scope.depth == depth, code.contains("\(name)()") {
            functions[scope.type, default: []].append(
              Function(
                place: line.place,
                name: name,
                isTest: attributes.contains("@Test"),
                isHelper: before.contains("private") || before.contains("fileprivate")
              )
            )
          }
        } else {
          let type = "\(line.target).\(name)"
          if attributes.contains("@Suite") { suites.insert(type) }
          scopes.append(Scope(type: type, depth: depth + 1))
        }
        attributes = ""
      } else if code.isEmpty {
        attributes = ""
      }
      depth += line.code.count { $0 == "{" } - line.code.count { $0 == "}" }
      while let scope = scopes.last, depth < scope.depth { scopes.removeLast() }
    }
  }

  /// The kind, the name and the words before the kind, if the line begins a type or a function.
  private static func declaration(_ code: Substring) -> (kind: String, name: String, before: [Substring])? {
    let words = code.split { $0 == " " || $0 == "(" || $0 == ":" || $0 == "<" }
    guard let position = words.firstIndex(where: { kinds.contains(String($0)) }), position + 1 < words.count,
      words[..<position].allSatisfy({
        $0.hasPrefix("@") || SourceTree.modifiers.contains(String($0)) || $0 == "\"\")"
      })
    else { return nil }
    return (String(words[position]), String(words[position + 1]), Array(words[..<position]))
  }

  private static let kinds: Set = ["struct", "class", "actor", "enum", "extension", "func"]
}
