import Foundation
import Testing

@Suite("Architecture")
struct ArchitectureTests {
  @Test("Nothing in the resolved package graph is SwiftNIO or depends on it")
  func noNIO() throws {
    let graph = try PackageGraph(build: PackageGraph.currentBuild())
    #expect(graph.identities.contains("swift-log"), "the graph was read")
    #expect(graph.manifests.count == graph.identities.count)
    #expect(graph.traceOfNIO == [])
  }

  @Test("Imports follow the arrows of the architecture page")
  func imports() throws {
    let tree = try SourceTree(root: SourceTree.packageRoot)
    #expect(tree.targets == ImportRules.allowed.keys.sorted(), "every target is in the table")
    #expect(ImportRules.violations(in: tree) == [])
  }

  @Test("Unsafe constructs stand only where C is called, with their reason; nothing ends the process")
  func unsafeConstructs() throws {
    #expect(CodeRules.violations(in: try SourceTree(root: SourceTree.packageRoot)) == [])
  }

  @Test("Each promise of the operations page names tests that are there")
  func promises() throws {
    let page = try String(contentsOfFile: SourceTree.packageRoot + "/docs/operations.md", encoding: .utf8)
    let promises = Promises(page: page)
    #expect(promises.promises.count > 40)
    #expect(try promises.violations(root: SourceTree.packageRoot) == [])
  }
}

/// The rules against trees that break them: a gate that nobody has seen close is open.
@Suite("Architecture, on deliberately bad trees")
struct BadTreeTests {
  private func tree(_ files: [String: String]) throws -> SourceTree {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("bad-tree-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    for (name, text) in files {
      let file = root.appendingPathComponent("Sources/\(name)")
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(),
        withIntermediateDirectories: true
      )
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    return try SourceTree(root: root.path)
  }

  @Test(
    "A wrong import is named with its place, target and module",
    arguments: [
      ("NonAssociationsModule", "internal import RestrictedPatientsModule", "RestrictedPatientsModule"),
      ("RestrictedPatientsModule", "public import NonAssociationsModule", "NonAssociationsModule"),
      ("ServiceKit", "import LocalProfile", "LocalProfile"),
      ("EventLoops", "import HTTPTransport", "HTTPTransport"),
      ("EventLoops", "public import struct HTTPTypes.HTTPField", "HTTPTypes"),
      ("Postgres", "@testable import ServiceKit", "ServiceKit"),
      ("NonAssociationsModule", "import CLibPQ", "CLibPQ"),
      ("Gateway", "let x = 1; import FoundationNetworking", "FoundationNetworking"),
      ("HTTPTransport", "import NIOCore", "NIOCore"),
    ]
  )
  func wrongImport(target: String, code: String, module: String) throws {
    let tree = try tree(["\(target)/Deep/Bad.swift": "// first\n\(code)\n"])
    #expect(
      ImportRules.violations(in: tree) == ["\(target)/Deep/Bad.swift:2: \(target) must not import \(module)"]
    )
  }

  @Test("A target that the table does not know is named")
  func unknownTarget() throws {
    let tree = try tree(["Shortcut/Bad.swift": "import EventLoops"])
    #expect(
      ImportRules.violations(in: tree) == [
        "Shortcut/Bad.swift:1: target Shortcut is not in the table of targets"
      ]
    )
  }

  @Test(
    "A construct in the wrong place is named with its place and target",
    arguments: [
      ("final class A: @unchecked Sendable {}", "@unchecked Sendable"),
      ("nonisolated(unsafe) var a = 1", "nonisolated(unsafe)"),
      ("let a: UnsafeMutablePointer<Int>? = nil", "an unsafe pointer"),
      ("let a = try! b()", "try!"), ("let a = b as! Int", "as!"), ("fatalError(\"x\")", "fatalError"),
      ("precondition(a)", "precondition"),
    ]
  )
  func wrongConstruct(code: String, name: String) throws {
    let tree = try tree(["ServiceKit/Bad.swift": "/// Reason.\n\(code)\n"])
    #expect(CodeRules.violations(in: tree) == ["ServiceKit/Bad.swift:2: ServiceKit must not use \(name)"])
  }

  @Test("An unsafe construct without its reason is named, where it may stand at all")
  func missingReason() throws {
    let bad = try tree(["EventLoops/Bad.swift": "final class A: @unchecked Sendable {}"])
    #expect(CodeRules.violations(in: bad).count == 1)
    let good = try tree([
      "EventLoops/Good.swift": "/// Guarded by a lock.\n@frozen\nfinal class A: @unchecked Sendable {}"
    ])
    #expect(CodeRules.violations(in: good) == [])
  }

  @Test("Comments and texts are not code")
  func notCode() throws {
    let text = ##"""
      // try! import NIOCore
      /* import NIOCore
         fatalError( /* nested */ try! */
      let a = "try! \" fatalError("
      let b = #"as! " fatalError("#
      let c = """
        import NIOCore
        try!
        """
      """##
    let tree = try tree(["ServiceKit/Good.swift": text])
    #expect(ImportRules.violations(in: tree) == [])
    #expect(CodeRules.violations(in: tree) == [])
  }

  @Test(
    "A promise without evidence that is there is named",
    arguments: [
      ("| never lost | `NoSuchTests` \"a sentence\" |", "never lost: there is no NoSuchTests.swift"),
      (
        "| never lost | `ArchitectureTests` \"no such \u{201C}sentence\u{201D}\" |",
        "never lost: ArchitectureTests.swift has no test \"no such \u{201C}sentence\u{201D}\""
      ),
      ("| never lost | `Benchmarks/nothing` |", "never lost: there is no Benchmarks/nothing"),
      ("| never lost | as everybody knows |", "never lost: \"as everybody knows\" names no test"),
      ("| never lost | |", "never lost: \"\" names no test"),
    ]
  )
  func promiseWithoutEvidence(row: String, violation: String) throws {
    let page =
      "\(Promises.heading)\n\n| promise | shown by |\n|---|---|\n\(row)\n\n## Next\n\n| other | table |\n"
    #expect(try Promises(page: page).violations(root: SourceTree.packageRoot) == [violation])
  }

  @Test("A package that is or wants SwiftNIO is named")
  func nioInGraph() throws {
    let build = FileManager.default.temporaryDirectory.appendingPathComponent(
      "bad-graph-\(UUID().uuidString)"
    )
    defer { try? FileManager.default.removeItem(at: build) }
    let names = ["swift-nio", "innocent", "guilty"]
    let manifests = [
      "swift-nio": "let package = Package(name: \"swift-nio\")",
      "innocent": "// swift-nio is not needed",
      "guilty": "  .package(url: \"https://github.com/apple/swift-nio.git\", from: \"2.0.0\")",
    ]
    for name in names {
      let folder = build.appendingPathComponent("checkouts/\(name)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try manifests[name]?.write(
        to: folder.appendingPathComponent("Package.swift"),
        atomically: true,
        encoding: .utf8
      )
    }
    let list = names.map { #"{"packageRef":{"identity":"\#($0)"},"subpath":"\#($0)"}"# }.joined(
      separator: ","
    )
    try #"{"object":{"dependencies":[\#(list)]}}"#.write(
      to: build.appendingPathComponent("workspace-state.json"),
      atomically: true,
      encoding: .utf8
    )
    let trace = try PackageGraph(build: build.path).traceOfNIO
    #expect(trace.contains("swift-nio is in the package graph"))
    #expect(trace.contains("guilty depends on swift-nio"))
    #expect(!trace.contains { $0.hasPrefix("innocent") })
  }
}
