/// A file has one subject: at most two types that other files can name, and the name of its main one, so that whoever
/// looks for a type finds its file. An extension's file says whose it is and what for: `Type+aspect.swift`. In a module's
/// folder `Endpoints` each file has the name of its endpoint; beside the folders, that of its room.
enum FileRule {
  static let maximumTypes = 2

  /// - Returns: a sentence for each file with too many types, or with another name than its types have.
  static func violations(in tree: SourceTree) -> [String] {
    let files = Dictionary(grouping: tree.lines, by: \.file)
    return files.sorted { $0.key < $1.key }.flatMap { file, lines -> [String] in
      let declared = lines.compactMap { SourceTree.declaration($0.code) }
      guard !declared.isEmpty else { return [] }
      let types = declared.filter { !$0.isExtension && !$0.isPrivate }
      let name =
        file.split(separator: "/").last?.split { $0 == "+" || $0 == "." }.first.map(String.init) ?? ""
      let isAspect = file.contains("+")
      let isEndpoint = file.contains("/Endpoints/") && declared.contains { $0.isExtension }
      // A type within a type is named with a dot in code and without one in its file's name.
      let fits = declared.contains { other in
        (isAspect || !other.isExtension || types.isEmpty)
          && (other.name == name || other.name.filter { $0 != "." } == name)
      }
      return
        (types.count > maximumTypes
        ? ["\(file) has \(types.count) types: \(types.map(\.name).joined(separator: ", "))"] : [])
        + (fits || isEndpoint || RoomRule.isRoom(file)
          ? [] : ["\(file) is not named after \(declared.map(\.name).joined(separator: " or "))"])
    }
  }
}
