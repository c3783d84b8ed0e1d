/// Which of our targets may import which, as the arrows of docs/architecture.md#who-may-import-whom say.
enum ImportRules {
  private static let transport: Set = ["EventLoops", "Concurrency", "Time", "Text", "CLinux"]
  private static let ground: Set = ["Concurrency", "Time", "Text", "JSON", "Crypto"]
  private static let platform = ground.union(["HTTPTransport", "Postgres", "EventLoops"])
  private static let host = platform.union(["ServiceKit", "SharedAuth", "Events", "ModuleKit"])
  /// Modules have no loops and no sockets: their clock comes with the request or the database, and clients of other
  /// services with the context.
  private static let module: Set = [
    "ModuleKit", "Events", "ServiceKit", "SharedAuth", "Postgres", "JSON", "Text", "Concurrency", "Time",
  ]

  /// For each of our Swift targets, our targets that it may import. The two modules do not know each other, and
  /// `Doubles` and `LocalStack` are in nobody's list but Gateway's.
  static let allowed: [String: Set<String>] = [
    "Time": ["CLinux"],
    "Text": ["CLinux"],
    "JSON": ["Text", "CLinux"],
    "Crypto": ["COpenSSL"],
    "Concurrency": ["Time"],
    "EventLoops": ["Concurrency", "Time", "Text", "CLinux", "COpenSSL"],
    "HTTPTransport": transport.union(["CZlib"]),
    "Postgres": transport.union(["CLibPQ"]),
    "SharedAuth": ground.union(["HTTPTransport", "EventLoops"]),
    "ServiceKit": platform.union(["SharedAuth"]),
    "Events": platform.union(["ServiceKit", "SharedAuth"]),
    "ModuleKit": ["Events", "ServiceKit", "SharedAuth", "Postgres", "Concurrency", "Text", "Time"],
    "NonAssociationsModule": module,
    "RestrictedPatientsModule": module,
    "Observability": platform.union(["ServiceKit", "SharedAuth", "CLinux"]),
    "Console": ground.union(["ServiceKit", "SharedAuth", "Events", "HTTPTransport"]),
    "Doubles": ground.union(["HTTPTransport", "EventLoops"]),
    "LocalStack": host.union(["Doubles", "CLinux"]),
    "Gateway": host.union([
      "NonAssociationsModule", "RestrictedPatientsModule", "Console", "Doubles", "LocalStack",
      "Observability", "CLinux",
    ]),
  ]

  static let own: Set = Set(allowed.keys).union(["CLinux", "COpenSSL", "CZlib", "CLibPQ"])

  /// Modules of others that a target must not import, `*` meaning every target.
  static let refused: [String: Set<String>] = [
    // URLSession and locale data: libcurl and ICU, 40 MB that nothing here needs.
    "*": ["FoundationNetworking", "FoundationInternationalization"],
    "EventLoops": ["HTTPTypes", "Foundation", "FoundationEssentials"],
    "Postgres": ["HTTPTypes", "Foundation"],
    "HTTPTransport": ["Foundation"],
  ]

  /// One line for each import that crosses a wall: where it is, the target, the import.
  static func violations(in tree: SourceTree) -> [String] {
    tree.lines.compactMap { line in
      guard let imported = importedModule(line.code) else { return nil }
      guard let allowed = allowed[line.target] else {
        return "\(line.place): target \(line.target) is not in the table of targets"
      }
      let isWall = own.contains(imported) && imported != line.target && !allowed.contains(imported)
      let isRefused = refused["*", default: []].union(refused[line.target, default: []]).contains(imported)
      let isNIO = imported.hasPrefix("NIO") || imported.hasPrefix("_NIO") || imported.hasPrefix("CNIO")
      guard isWall || isRefused || isNIO else { return nil }
      return "\(line.place): \(line.target) must not import \(imported)"
    }
  }

  /// The module of an import declaration, in any of its forms: `public import struct HTTPTypes.HTTPField`.
  static func importedModule(_ code: String) -> String? {
    let kinds: Set = ["struct", "class", "enum", "protocol", "typealias", "func", "var", "let", "actor"]
    for statement in code.split(separator: ";") {
      let words = statement.split(whereSeparator: \.isWhitespace)
      guard let position = words.firstIndex(of: "import"), words[..<position].allSatisfy(isModifier) else {
        continue
      }
      let named = words[(position + 1)...].first { !kinds.contains(String($0)) }
      return named.map { String($0.prefix { $0 != "." }) }
    }
    return nil
  }

  private static func isModifier(_ word: Substring) -> Bool {
    word.hasPrefix("@") || ["public", "package", "internal", "fileprivate", "private"].contains(word)
  }
}
