/// The modules have the same rooms under the same names, so that whoever knows one knows where the other has what. A room
/// that a module does not need is left out, never renamed.
enum RoomRule {
  /// Files beside the folders, besides the one of the module's own type. Each says one thing of the module, whatever
  /// types that takes.
  static let files: Set = ["Manifest.swift", "Settings.swift", "Endpoints.swift", "Refusals.swift"]
  static let folders: Set = [
    "Endpoints", "Rules", "Services", "Records", "Store", "Messages/Published", "Messages/Heard", "Upstream",
    "Schema", "Jobs",
  ]

  /// - Returns: a sentence for each file of a module that is in no room.
  static func violations(in tree: SourceTree) -> [String] {
    let names = Set(tree.lines.filter { ModuleRule.modules.contains($0.target) }.map(\.file))
    return names.sorted().filter { !isInRoom($0) }.map { "\($0) is in no room of a module" }
  }

  /// Whether a file beside the folders of a module has the name of a room.
  static func isRoom(_ file: String) -> Bool {
    let parts = file.split(separator: "/").map(String.init)
    return parts.count == 2 && ModuleRule.modules.contains(parts[0]) && files.contains(parts[1])
  }

  private static func isInRoom(_ file: String) -> Bool {
    let parts = file.split(separator: "/").map(String.init)
    return parts.count == 2
      ? isRoom(file) || parts[1] == "\(parts[0]).swift"
      : folders.contains(parts.dropFirst().dropLast().joined(separator: "/"))
  }
}
