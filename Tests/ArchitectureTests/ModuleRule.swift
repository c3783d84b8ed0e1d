/// The host of the modules is a loop over their manifests: of its files one names them, and a further module is a further
/// line there.
enum ModuleRule {
  static let host = "Gateway"
  /// The one file that may.
  static let list = "Gateway/Modules.swift"
  /// Where the doubles of other services are reached, and nowhere else.
  static let allInOne = "Gateway/Commands/AllInOne/"
  /// What stands in for other services and for a database server.
  static let doubles: Set = ["Doubles", "LocalStack"]
  /// Targets of modules, and parts of names that are one module's.
  static let modules: Set = ["NonAssociationsModule", "RestrictedPatientsModule"]
  private static let words = ["nonassociation", "restrictedpatient"]

  /// - Returns: a sentence for each place of the host that imports a module, or names something after one.
  static func violations(in tree: SourceTree) -> [String] {
    tree.lines.filter { $0.target == host && $0.file != list }.compactMap { line in
      if let imported = ImportRules.importedModule(line.code), modules.contains(imported) {
        return "\(line.place): only \(list) imports \(imported)"
      }
      let isAllInOne = line.file.hasPrefix(allInOne)
      if let imported = ImportRules.importedModule(line.code), doubles.contains(imported), !isAllInOne {
        return "\(line.place): only \(allInOne) imports \(imported)"
      }
      let code = line.code.lowercased()
      return words.first(where: code.contains).map { "\(line.place): only \(list) names \"\($0)\"" }
    }
  }
}
