/// The folders of a target have an order, as targets have: none uses another that uses it, by way of others or directly.
/// A folder uses another if its code names a type of it.
///
/// Each file beside the folders has a place of its own in that order: a module's errors are below its rules, its manifest
/// is above everything. A type that is named after its target is no use of anybody's: folders extend it with what they
/// hold, as `Endpoints/` does with its acts.
enum FolderRule {
  private struct Use {
    let from: String
    let to: String
    let type: String
    let place: String
  }

  /// - Returns: a sentence for each use that closes a circle.
  static func violations(in tree: SourceTree) -> [String] {
    tree.targets.flatMap { target in
      let uses = uses(tree.lines.filter { $0.target == target }, in: target)
      let direct = Dictionary(grouping: uses, by: \.from).mapValues { Set($0.map(\.to)) }
      // Of a circle of files beside the folders this rule says nothing: it is about folders.
      return uses.filter { !(isFile($0.from) && isFile($0.to)) && reaches($0.to, $0.from, direct) }
        .map { "\($0.place): \(target)/\($0.from) uses \($0.type) of \($0.to), which uses \($0.from)" }
        .sorted()
    }
  }

  /// For each pair of folders the first use of the one by the other.
  private static func uses(_ lines: [SourceTree.Line], in target: String) -> [Use] {
    var owners: [String: Set<String>] = [:]
    var own: [String: Set<String>] = [:]
    for line in lines {
      guard let type = SourceTree.declaration(line.code), !type.isExtension else { continue }
      own[folder(line.file), default: []].insert(type.name)
      if !type.isPrivate { owners[type.name, default: []].insert(folder(line.file)) }
    }
    var found: [[String]: Use] = [:]
    for line in lines {
      let from = folder(line.file)
      for word in line.code.split(whereSeparator: { !$0.isLetter && !$0.isNumber && $0 != "_" }) {
        // A name that several folders have says nothing of either.
        guard let owner = owners[String(word)], owner.count == 1, let to = owner.first,
          !own[from, default: []].contains(String(word)), word != target
        else { continue }
        let use = Use(from: from, to: to, type: String(word), place: line.place)
        found[[from, to]] = found[[from, to]] ?? use
      }
    }
    return Array(found.values)
  }

  /// The folder of a file below its target; of one beside the folders, its own name.
  private static func folder(_ file: String) -> String {
    let parts = file.split(separator: "/").dropFirst()
    return parts.count == 1 ? String(parts[1]) : parts.dropLast().joined(separator: "/")
  }

  private static func isFile(_ place: String) -> Bool { place.hasSuffix(".swift") }

  private static func reaches(_ start: String, _ end: String, _ direct: [String: Set<String>]) -> Bool {
    var seen: Set<String> = [start]
    var waiting = [start]
    while let folder = waiting.popLast() {
      if folder == end { return true }
      for next in direct[folder, default: []] where seen.insert(next).inserted { waiting.append(next) }
    }
    return false
  }
}
