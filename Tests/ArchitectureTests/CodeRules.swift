/// What code may say where: unsafe constructs only in the targets that talk to C, each with its reason above it, and
/// nothing anywhere that ends the process on bad input.
enum CodeRules {
  struct Rule: Sendable {
    let pattern: @Sendable (String) -> Bool
    let name: String
    /// Targets, or files below `Sources`, where it may stand.
    let places: Set<String>
    /// Whether a comment has to say why it is safe.
    let needsReason: Bool
  }

  /// Targets built on system calls and C libraries.
  static let lowLevel: Set = ["EventLoops", "HTTPTransport", "Postgres"]
  /// The files of other targets that call a C library.
  static let bindings: Set = [
    "Crypto/SHA256Digest.swift", "Crypto/RSAPublicKey.swift", "Crypto/SigningKey.swift",
    "LocalStack/Postgres/ChildProcess.swift",
  ]

  static let rules: [Rule] = [
    Rule("@unchecked Sendable", in: lowLevel.union(bindings), needsReason: true) {
      $0.contains("@unchecked Sendable")
    },
    Rule("nonisolated(unsafe)", in: lowLevel, needsReason: true) { $0.contains("nonisolated(unsafe)") },
    Rule("an unsafe pointer", in: lowLevel.union(bindings)) { code in
      [
        "UnsafeMutable", "UnsafePointer", "UnsafeRaw", "UnsafeBuffer", "Unmanaged", "OpaquePointer",
        "unsafeBitCast",
      ]
      .contains { code.contains($0) }
    },
    // A text is looked up by its bytes: init(code:).
    Rule("init(rawValue:)", in: lowLevel.union(["Text"])) { $0.contains("(rawValue:") },
    Rule("try!", in: []) { $0.contains("try!") },
    Rule("as!", in: []) { $0.contains(" as! ") },
    Rule("fatalError", in: []) { $0.contains("fatalError(") },
    Rule("precondition", in: ["EventLoops"]) {
      $0.contains("precondition(") || $0.contains("preconditionFailure(")
    },
    Rule("unowned(unsafe)", in: []) { $0.contains("unowned(unsafe)") },
    // Time comes from a clock that was passed in, so that a test can move it.
    Rule("a clock of its own", in: ["Time", "EventLoops"]) { readsClock($0) },
    // As does a pause: `pause(for:)` of a clock.
    Rule("Task.sleep", in: []) { $0.contains("Task.sleep") || $0.contains("Task<Never, Never>.sleep") },
    // The program chooses the clock for all of it; `Date` in an answer is this machine's time, whatever the modules' is.
    Rule("SystemClock()", in: ["Time", "Gateway", "HTTPTransport/Server/DateField.swift"]) {
      $0.contains("SystemClock()")
    },
  ]

  /// Whether a line asks the machine for the time: by name, or by `.now()` alone, which the compiler completes.
  private static func readsClock(_ code: String) -> Bool {
    if ["MonotonicInstant.now()", "ContinuousClock", "SuspendingClock", "clock_gettime"]
      .contains(where: { code.contains($0) })
    {
      return true
    }
    return [".now()", "Date()"].contains { call in
      code.ranges(of: call).contains { range in
        guard let former = code[..<range.lowerBound].last else { return true }
        return !former.isLetter && !former.isNumber && !"_)]?!}.".contains(former)
      }
    }
  }

  /// One line for each construct that stands where it must not.
  static func violations(in tree: SourceTree) -> [String] {
    tree.lines.flatMap { line in
      rules.compactMap { rule in
        guard rule.pattern(line.code) else { return nil }
        guard rule.places.contains(line.target) || rule.places.contains(line.file) else {
          return "\(line.place): \(line.target) must not use \(rule.name)"
        }
        guard !rule.needsReason || line.hasComment else {
          return "\(line.place): \(rule.name) without a comment that says why it is safe"
        }
        return nil
      }
    }
  }
}

extension CodeRules.Rule {
  init(
    _ name: String,
    in places: Set<String>,
    needsReason: Bool = false,
    pattern: @escaping @Sendable (String) -> Bool
  ) {
    self.init(pattern: pattern, name: name, places: places, needsReason: needsReason)
  }
}
