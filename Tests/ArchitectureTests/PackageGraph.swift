import Foundation
import Testing

/// The packages that SwiftPM resolved for this build, as it keeps them beside the build. It holds a lock on that folder
/// while tests run, so `swift package show-dependencies` cannot be asked; the files can be read.
struct PackageGraph {
  /// Identities of all packages, ours excepted: of the direct dependencies and of theirs.
  let identities: [String]
  /// The code of each package's manifests, by identity, comments left out.
  let manifests: [String: String]

  private struct State: Decodable {
    struct Object: Decodable { let dependencies: [Dependency] }
    struct Dependency: Decodable {
      struct Reference: Decodable { let identity: String }
      let packageRef: Reference
      let subpath: String
    }
    let object: Object
  }

  /// - Parameter build: the folder that SwiftPM builds in, such as `.build`.
  init(build: String) throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: build + "/workspace-state.json"))
    let state = try JSONDecoder().decode(State.self, from: data)
    identities = state.object.dependencies.map(\.packageRef.identity).sorted()
    var manifests: [String: String] = [:]
    for dependency in state.object.dependencies {
      let folder = "\(build)/checkouts/\(dependency.subpath)"
      let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      for name in names where name.hasPrefix("Package") && name.hasSuffix(".swift") {
        let text = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
        manifests[dependency.packageRef.identity, default: ""] += Self.withoutComments(text)
      }
    }
    self.manifests = manifests
  }

  private static func withoutComments(_ text: String) -> String {
    text.split(separator: "\n").filter { !$0.drop(while: \.isWhitespace).hasPrefix("//") }
      .joined(separator: "\n")
  }

  /// One line for each package that is SwiftNIO or names it as a dependency.
  var traceOfNIO: [String] {
    let are = identities.filter { $0.hasPrefix("swift-nio") }.map { "\($0) is in the package graph" }
    let want = manifests.filter { $0.value.contains("swift-nio") }.map { "\($0.key) depends on swift-nio" }
    return are + want.sorted()
  }

  /// The folder that the running tests were built in: the first above the test program with SwiftPM's state in it.
  static func currentBuild() throws -> String {
    let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let loaded = CommandLine.arguments.filter { $0.hasSuffix(".xctest") }
    for start in loaded + [program, SourceTree.packageRoot + "/.build/x"] {
      var folder = URL(fileURLWithPath: start)
      while folder.path != "/" {
        folder.deleteLastPathComponent()
        let state = folder.appendingPathComponent("workspace-state.json").path
        if FileManager.default.fileExists(atPath: state) { return folder.path }
      }
    }
    throw Missing()
  }

  struct Missing: Error, CustomStringConvertible {
    var description: String { "no workspace-state.json above the test program: run by swift test" }
  }
}
