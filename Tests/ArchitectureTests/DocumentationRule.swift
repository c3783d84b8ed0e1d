/// What a library offers to others says what it is for: at least four of five of its public and package declarations
/// have a comment above them. The fifth is for what its protocol or operator explains.
enum DocumentationRule {
  static let percentage = 80

  /// - Returns: a sentence for each target that says too little, with the declarations that say nothing.
  static func violations(in tree: SourceTree) -> [String] {
    tree.targets.compactMap { target in
      let offered = tree.lines.filter { $0.target == target && SourceTree.isForOthers($0.code) }
      let silent = offered.filter { !$0.hasComment }
      guard silent.count * 100 > offered.count * (100 - percentage) else { return nil }
      return "\(target): \(silent.count) of \(offered.count) declarations say nothing: "
        + silent.map(\.place).joined(separator: ", ")
    }
  }
}
