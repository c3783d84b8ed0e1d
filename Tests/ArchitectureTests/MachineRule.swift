/// A machine decides, and does nothing else: what it knows of the world comes with an event, so that a test can play
/// everything that may happen.
enum MachineRule {
  /// What would let one see or do something by itself.
  static let refused: Set<Substring> = [
    "await", "async", "Task", "Logger", "logger", "random", "RandomNumberGenerator", "MonotonicClock",
    "Mutex", "Atomic",
    "actor", "class",
  ]
  /// Values alone.
  static let imports: Set = ["Time", "DequeModule", "HeapModule"]

  /// - Returns: a sentence for each thing that a machine's file says and must not.
  static func violations(in tree: SourceTree) -> [String] {
    machines(in: tree).flatMap { line -> [String] in
      if let module = ImportRules.importedModule(line.code) {
        return imports.contains(module) ? [] : ["\(line.place): a machine imports \(module)"]
      }
      return line.code.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.filter(refused.contains)
        .map { "\(line.place): a machine says \($0)" }
    }
  }

  /// The lines of the files named after a machine.
  static func machines(in tree: SourceTree) -> [SourceTree.Line] {
    tree.lines.filter { line in
      let name = line.file.split(separator: "/").last?.split { $0 == "+" || $0 == "." }.first ?? ""
      return name.hasSuffix("Machine")
    }
  }
}
