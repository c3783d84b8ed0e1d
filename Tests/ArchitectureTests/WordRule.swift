import Foundation

/// One idea has one name, and the field's own where there is one, so that a search finds it: neither sources nor tests nor
/// documents use a name or phrase that was given up. `docs/glossary.md` has the words to use.
enum WordRule {
  /// What was given up, and what stands for it.
  static let former = [
    "anew": "again, or recreated", "under way": "in flight, or in progress", "in hand": "in flight",
    "to be had": "can be had, or can be received", "OutboxLane": "OutboxStream", "WakeUps": "ChangeSignal",
    "GroupedSends": "BatchingSender", "CommitNotices": "PostCommitNotifier", "MessageTrail": "DeliveryState",
    "ErrorVisibility": "RetryPolicy", "FailureRule": "RetryScheduler",
  ]

  /// The tests of this rule have such words in them.
  static let itself = "ArchitectureTests"
  private static let endings = ["swift", "md", "js", "py"]

  /// - Parameter root: the folder of the package; its sources, its tests and its documents are read.
  /// - Returns: a sentence for each such word, with its place.
  static func violations(root: String) throws -> [String] {
    let names = try ["Sources", "Tests", "docs"].flatMap { folder in
      try FileManager.default.subpathsOfDirectory(atPath: "\(root)/\(folder)").map { "\(folder)/\($0)" }
    }
    return try names.sorted().filter(isRead).flatMap { name in
      try String(contentsOfFile: "\(root)/\(name)", encoding: .utf8)
        .split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        .flatMap { index, line in
          former.keys.sorted().filter { isWord($0, in: line) }
            .map { "\(name):\(index + 1): \"\($0)\" is now \(former[$0, default: ""])" }
        }
    }
  }

  private static func isRead(_ name: String) -> Bool {
    let parts = name.split(separator: "/")
    guard endings.contains(where: { name.hasSuffix(".\($0)") }), parts.count > 1 else { return false }
    // Databases hold the checksums of what has been run: a migration stays as it is.
    if name.hasSuffix("+migrations.swift") { return false }
    return parts[1] != itself
  }

  /// Whether a line has a phrase that neither begins nor ends within a word.
  private static func isWord(_ phrase: String, in line: Substring) -> Bool {
    var rest = line
    while let range = rest.range(of: phrase) {
      let before = rest[..<range.lowerBound].last, after = rest[range.upperBound...].first
      if !(before?.isLetter ?? false), !(after?.isLetter ?? false) { return true }
      rest = rest[range.upperBound...]
    }
    return false
  }
}
