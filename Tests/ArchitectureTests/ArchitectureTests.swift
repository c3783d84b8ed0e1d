import Foundation
import Testing

@Suite("Architecture")
struct ArchitectureTests {
  /// Read once: taking comments and texts out of every line is most of what these tests do.
  private static let sources = Result { try SourceTree(root: SourceTree.packageRoot) }

  @Test("Nothing in the resolved package graph is SwiftNIO or depends on it")
  func noNIO() throws {
    let graph = try PackageGraph(build: PackageGraph.currentBuild())
    #expect(graph.identities.contains("swift-log"), "the graph was read")
    #expect(graph.manifests.count == graph.identities.count)
    #expect(graph.traceOfNIO == [])
  }

  @Test("Imports follow the arrows of the architecture page")
  func imports() throws {
    let tree = try Self.sources.get()
    #expect(tree.targets == ImportRules.allowed.keys.sorted(), "every target is in the table")
    #expect(ImportRules.violations(in: tree) == [])
  }

  @Test("Only Modules.swift names a module, and only the all-in-one commands reach the doubles")
  func modules() throws {
    let tree = try Self.sources.get()
    #expect(tree.lines.contains { $0.file == ModuleRule.list }, "the list was read")
    #expect(ModuleRule.violations(in: tree) == [])
  }

  @Test("Unsafe constructs stand only where C is called, with their reason; nothing ends the process")
  func unsafeConstructs() throws {
    #expect(CodeRules.violations(in: try Self.sources.get()) == [])
  }

  @Test("A machine decides by what it is told, and does nothing itself")
  func machines() throws {
    let tree = try Self.sources.get()
    #expect(!MachineRule.machines(in: tree).isEmpty, "machines were read")
    #expect(MachineRule.violations(in: tree) == [])
  }

  @Test("What a topic wraps messages in is parsed in one place")
  func envelopes() throws {
    let places = try Self.sources.get().lines.filter { line in
      ["NotificationEnvelope(", "NotificationEnvelope.members("].contains { line.code.contains($0) }
    }
    #expect(Set(places.map(\.file)) == ["Events/Messages/OpenedMessage.swift"])
  }

  @Test("Every reference to a document, a section, a row or a standard resolves, and is written as all are")
  func references() {
    #expect(References(root: SourceTree.packageRoot).violations() == [])
  }

  @Test("Libraries say what they offer: at least four of five declarations have a comment")
  func documentation() throws {
    #expect(DocumentationRule.violations(in: try Self.sources.get()) == [])
  }

  @Test("Words that were given up stand nowhere")
  func words() throws {
    #expect(try WordRule.violations(root: SourceTree.packageRoot) == [])
  }

  @Test("A file is named after its main type, and has at most two")
  func files() throws {
    #expect(FileRule.violations(in: try Self.sources.get()) == [])
  }

  @Test("Both modules have the same rooms, and no others")
  func rooms() throws {
    let tree = try Self.sources.get()
    #expect(ModuleRule.modules.isSubset(of: tree.targets), "the modules were read")
    #expect(RoomRule.violations(in: tree) == [])
  }

  @Test("No folder of a target uses another that uses it")
  func folders() throws {
    #expect(FolderRule.violations(in: try Self.sources.get()) == [])
  }

  @Test("No function has more than 60 lines, and files are short")
  func sizes() throws {
    let tree = try Self.sources.get()
    #expect(SizeRule.functions(in: tree) == [])
    #expect(SizeRule.files(in: tree) == [])
  }

  @Test("No function of a suite has been forgotten as a test")
  func suites() throws {
    let tree = try SourceTree(root: SourceTree.packageRoot, folder: "Tests")
    #expect(tree.targets.contains("ArchitectureTests"), "the tests were read")
    #expect(SuiteRule.violations(in: tree) == [])
  }

  @Test(
    "Each promise to operators, and each difference from the services replaced, names tests that are there",
    arguments: [("operations", Promises.heading), ("moving-over", Promises.differencesHeading)]
  )
  func promises(page: String, heading: String) throws {
    let path = "\(SourceTree.packageRoot)/docs/\(page).md"
    let promises = Promises(page: try String(contentsOfFile: path, encoding: .utf8), heading: heading)
    #expect(promises.promises.count >= 40)
    #expect(try promises.violations(root: SourceTree.packageRoot) == [])
  }
}

/// The rules against trees that break them: a gate that nobody has seen close is open.
@Suite("Architecture, on deliberately bad trees")
struct BadTreeTests {
  /// - Parameter files: their texts, by their paths below `folder`.
  private func tree(_ files: [String: String], folder: String = "Sources") throws -> SourceTree {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("bad-tree-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    for (name, text) in files {
      let file = root.appendingPathComponent("\(folder)/\(name)")
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(),
        withIntermediateDirectories: true
      )
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    return try SourceTree(root: root.path, folder: folder)
  }

  @Test(
    "A wrong import is named with its place, target and module",
    arguments: [
      ("NonAssociationsModule", "internal import RestrictedPatientsModule", "RestrictedPatientsModule"),
      ("RestrictedPatientsModule", "public import NonAssociationsModule", "NonAssociationsModule"),
      ("ServiceKit", "import LocalStack", "LocalStack"), ("Events", "import Doubles", "Doubles"),
      ("Doubles", "import ServiceKit", "ServiceKit"), ("LocalStack", "import Console", "Console"),
      ("EventLoops", "import HTTPTransport", "HTTPTransport"),
      ("EventLoops", "public import struct HTTPTypes.HTTPField", "HTTPTypes"),
      ("Postgres", "@testable import ServiceKit", "ServiceKit"),
      ("NonAssociationsModule", "import CLibPQ", "CLibPQ"),
      ("RestrictedPatientsModule", "import EventLoops", "EventLoops"),
      ("NonAssociationsModule", "import HTTPTransport", "HTTPTransport"),
      ("ModuleKit", "import EventLoops", "EventLoops"),
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

  @Test(
    "A file of the host that names a module is named, and one that reaches the doubles",
    arguments: [
      (
        "Deep/Bad.swift", "internal import RestrictedPatientsModule",
        "only Gateway/Modules.swift imports RestrictedPatientsModule"
      ),
      ("Bad.swift", "let nonAssociationsDatabase = 1", "only Gateway/Modules.swift names \"nonassociation\""),
      ("Bad.swift", "import LocalStack", "only Gateway/Commands/AllInOne/ imports LocalStack"),
      ("Commands/Bad.swift", "import Doubles", "only Gateway/Commands/AllInOne/ imports Doubles"),
    ]
  )
  func namedModule(file: String, code: String, violation: String) throws {
    let text = "\(code)\n"
    let bad = try tree(["Gateway/\(file)": text, "Gateway/Modules.swift": "import NonAssociationsModule\n"])
    #expect(ModuleRule.violations(in: bad) == ["Gateway/\(file):1: \(violation)"])
    let good = try tree([
      "Gateway/Commands/AllInOne/Good.swift": "import LocalStack\nimport Doubles\n",
      "Events/Good.swift": text,
    ])
    #expect(ModuleRule.violations(in: good) == [])
  }

  @Test(
    "What a machine must not say is named",
    arguments: [
      ("let a = await b()", "says await"), ("let a = Int.random(in: 0...1)", "says random"),
      ("let logger: Logger", "says logger"), ("internal import EventLoops", "imports EventLoops"),
    ]
  )
  func busyMachine(code: String, violation: String) throws {
    let text = "internal import Time\n\(code)\n"
    let bad = try tree(["Events/Deep/BadMachine+rounds.swift": text])
    #expect(
      MachineRule.violations(in: bad).first == "Events/Deep/BadMachine+rounds.swift:2: a machine \(violation)"
    )
    #expect(MachineRule.violations(in: try tree(["Events/Executor.swift": text])) == [])
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
      ("precondition(a)", "precondition"), ("let a = MonotonicInstant.now()", "a clock of its own"),
      ("wait(until: .now() + pause)", "a clock of its own"),
      ("let a = ContinuousClock()", "a clock of its own"),
      ("try? await Task.sleep(for: pause)", "Task.sleep"), ("let a = Date()", "a clock of its own"),
      ("clock_gettime(CLOCK_REALTIME, &a)", "a clock of its own"),
      ("init(clock: any WallClock = SystemClock()) {", "SystemClock()"),
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

  @Test("A library that says too little is named, with what says nothing")
  func undocumented() throws {
    let good =
      "/// A.\npublic struct A {\n  /// B.\n  @inlinable public var b = 1\n  /// C.\n  package init() {}\n"
    let one =
      good
      + "  /// D.\n  public func d() {}\n  public static func == (left: A, right: A) -> Bool { true }\n}\n"
    #expect(DocumentationRule.violations(in: try tree(["Time/A.swift": one])) == [])
    let two = try tree([
      "Time/A.swift": one + "public import B\n@frozen public enum C {}\nprivate let publicly = 1\n"
    ])
    #expect(
      DocumentationRule.violations(in: two) == [
        "Time: 2 of 6 declarations say nothing: Time/A.swift:9, Time/A.swift:12"
      ]
    )
  }

  @Test(
    "A word that was given up is named with the one for it",
    arguments: [
      (
        "Sources/Time/A.swift", "// All is well.\n// It is made anew.",
        "2: \"anew\" is now again, or recreated"
      ),
      ("docs/a" + ".md", "What is in hand", "1: \"in hand\" is now in flight"),
      ("Tests/TimeTests/A.swift", "@Test(\"made anew\")", "1: \"anew\" is now again, or recreated"),
      ("Tests/ArchitectureTests/A.swift", "// It is made anew.", nil),
      ("docs/a" + ".md", "Winnewig, in handy form", nil),
      ("Sources/Time/A+migrations.swift", "anew", nil), ("docs/a.png", "anew", nil),
    ] as [(String, String, String?)]
  )
  func formerWord(name: String, text: String, violation: String?) throws {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("bad-word-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    let good = ["Sources/Time/Good.swift", "Tests/TimeTests/Good.swift", "docs/good" + ".md"]
    for (name, text) in good.map({ ($0, "") }) + [(name, text)] {
      let file = root.appendingPathComponent(name)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(),
        withIntermediateDirectories: true
      )
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    #expect(try WordRule.violations(root: root.path) == (violation.map { ["\(name):\($0)"] } ?? []))
  }

  @Test("Folders that use each other are named, with what they use")
  func folderCycles() throws {
    let good = [
      "Time/A/One.swift": "struct One {}", "Time/B/Two.swift": "struct Two { let one: One }",
      "Time/Three.swift": "let three = (One(), Two(), Four())",
      "Time/B/Four.swift": "struct Four {} // Three, Five",
      "Time/A/Five.swift": "private struct Two {}\nstruct Same {}",
      "Time/B/Six.swift": "struct Same {}\nlet six = Same()",
    ]
    #expect(FolderRule.violations(in: try tree(good)) == [])
    let bad = good.merging(["Time/A/Seven.swift": "struct Seven {}\n\nextension Four { func f(_ a: Two) {} }"]
    ) { $1 }
    #expect(
      FolderRule.violations(in: try tree(bad)) == [
        "Time/A/Seven.swift:3: Time/A uses Four of B, which uses A",
        "Time/B/Two.swift:1: Time/B uses One of A, which uses B",
      ]
    )
    let around = [
      "Time/A/One.swift": "struct One { let two: Two }",
      "Time/B/Two.swift": "struct Two { let three: Three }",
      "Time/Three.swift": "struct Three { let one: One }",
    ]
    #expect(FolderRule.violations(in: try tree(around)).count == 3)
    let beside = [
      "Time/A/One.swift": "struct One { let error: Failure; let time: Time }",
      "Time/Failures.swift": "struct Failure { let table: Table }",
      "Time/Table.swift": "struct Table { let error: Failure }",
      "Time/Time.swift": "struct Time { let one: One }",
    ]
    #expect(FolderRule.violations(in: try tree(beside)) == [])
  }

  @Test(
    "A function that is too long is named with its length",
    arguments: [
      ("  public static func long(\n    a: Int\n  ) -> Int {", 61, true),
      ("  init?(a: Int = { 1 }()) {", 61, true),
      ("  init(a: Int) {", 60, false), ("  subscript(a: Int) -> Int {", 62, true),
      ("  func requirement()\n\n  var other: Int {", 70, false), ("  let closure = {", 70, false),
    ]
  )
  func longFunction(start: String, lines: Int, isNamed: Bool) throws {
    let before = start.split(separator: "\n", omittingEmptySubsequences: false).count
    let body = Array(repeating: "    work { }", count: lines - before - 1).joined(separator: "\n")
    let text = "struct A {\n\(start)\n\(body)\n  }\n  func short() { }\n}\n"
    #expect(
      SizeRule.functions(in: try tree(["Time/A.swift": text]))
        == (isNamed ? ["Time/A.swift:2: a function of \(lines) lines"] : [])
    )
  }

  @Test("Files that are long by the dozen are told of")
  func longFiles() throws {
    let file = { (lines: Int) in String(repeating: "let a = 1\n", count: lines) }
    var files = Dictionary(
      uniqueKeysWithValues: (1...10).map { ("Time/\($0).swift", file($0 < 6 ? 10 : 90)) }
    )
    #expect(SizeRule.files(in: try tree(files)) == [])
    files["Time/10.swift"] = file(251)
    #expect(SizeRule.files(in: try tree(files)) == ["one in ten files has more than 250 lines"])
    files["Time/5.swift"] = file(300)
    files["Time/6.swift"] = file(91)
    #expect(SizeRule.files(in: try tree(files)).count == 1)
    files["Time/7.swift"] = file(91)
    files["Time/8.swift"] = file(91)
    files["Time/9.swift"] = file(91)
    #expect(SizeRule.files(in: try tree(files)).first == "half of the files have more than 90 lines")
  }

  @Test(
    "A file with too many types, or with another name, is named",
    arguments: [
      ("Two.swift", "struct Two {}\npublic enum Other {}\nprivate struct Third {}\nextension Two {}", nil),
      (
        "Two.swift", "struct Two {\n  struct Inner {}\n}\n@frozen public enum B {}\nfinal class C {}",
        " has 3 types: Two, B, C"
      ),
      ("Many.swift", "struct One {}", " is not named after One"),
      ("Many.swift", "extension One {}", " is not named after One"), ("One.swift", "extension One {}", nil),
      ("One.swift", "extension One {}\nstruct Two {}", " is not named after One or Two"),
      ("One+text.swift", "extension One: Two {}\nprivate struct Three {}", nil),
      ("One+text.swift", "extension Four {}", " is not named after Four"),
      ("HTTPResponseStatus+text.swift", "extension HTTPResponse.Status {}", nil),
      ("main.swift", "let a = 1", nil),
      ("Endpoints/CloseIt.swift", "extension It {}\nstruct CloseRequest {}", nil),
      ("Endpoints/CloseIt.swift", "struct CloseRequest {}", " is not named after CloseRequest"),
    ] as [(String, String, String?)]
  )
  func badFile(name: String, text: String, violation: String?) throws {
    let tree = try tree(["Time/\(name)": text])
    #expect(FileRule.violations(in: tree) == (violation.map { ["Time/\(name)\($0)"] } ?? []))
  }

  @Test(
    "A file of a module may have the name of its room, beside the folders",
    arguments: [
      ("NonAssociationsModule/Refusals.swift", true), ("RestrictedPatientsModule/Manifest.swift", true),
      ("NonAssociationsModule/Rules/Refusals.swift", false), ("NonAssociationsModule/Errors.swift", false),
      ("Events/Refusals.swift", false),
    ]
  )
  func roomFile(name: String, isRoom: Bool) throws {
    let violations = FileRule.violations(in: try tree([name: "enum Failure {}"]))
    #expect(violations == (isRoom ? [] : ["\(name) is not named after Failure"]))
  }

  @Test("A file of a module that is in no room is named")
  func strangeRooms() throws {
    let text = "let a = 1\n"
    let good = [
      "NonAssociationsModule/NonAssociationsModule.swift", "RestrictedPatientsModule/Manifest.swift",
      "NonAssociationsModule/Messages/Heard/A.swift", "RestrictedPatientsModule/Jobs/A.swift",
      "Events/Anywhere/A.swift",
    ]
    let bad = [
      "NonAssociationsModule/ErrorBody.swift", "NonAssociationsModule/Messages/A.swift",
      "NonAssociationsModule/RestrictedPatientsModule.swift", "RestrictedPatientsModule/Models/A.swift",
      "RestrictedPatientsModule/Records/More/A.swift",
    ]
    let tree = try tree(Dictionary(uniqueKeysWithValues: (good + bad).map { ($0, text) }))
    #expect(RoomRule.violations(in: tree) == bad.map { "\($0) is in no room of a module" })
  }

  @Test(
    "A test without its attribute is named; helpers are private or take something",
    arguments: [
      ("@Suite struct A {\n  func forgotten() {}\n}", "2: forgotten"),
      (
        "struct A {\n  @Test(\n    \"b\"\n  )\n  func b() {}\n\n  func forgotten() async throws {\n  }\n}",
        "7: forgotten"
      ),
      ("@Suite(\"A\") struct A {\n  @Test func a() {\n    func inner() {}\n  }\n}", nil),
      (
        "@Suite struct A {\n  private func helper() {}\n  func given(_ a: Int) {}\n}\nstruct B {\n  func c() {}\n}",
        nil
      ),
      ("@Suite struct A {}\n\nextension A {\n  func forgotten() {}\n}", "4: forgotten"),
    ] as [(String, String?)]
  )
  func forgottenTest(text: String, violation: String?) throws {
    let tree = try tree(["SomeTests/A.swift": text], folder: "Tests")
    let expected = violation.map { ["SomeTests/A.swift:\($0) has no @Test, and is not private"] } ?? []
    #expect(SuiteRule.violations(in: tree) == expected)
  }

  @Test(
    "A reference that leads nowhere, or is not written as all are, is named",
    arguments: [
      ("/// As PAGE SIGN7.2 and PAGE SIGN7 row 3 say (PAGE#two-words).", nil),
      ("/// As PAGE SIGN7, SIGN7.2 says, and RFC 9110 SIGN8.3.", nil),
      ("/// As PAGE\n  /// SIGN7.4 says.", "3: PAGE has no SECT 7.4"),
      ("/// As PAGE SIGN7.2, SIGN8 says.", "3: PAGE has no SECT 8"),
      ("/// As PAGE SIGN7 rows 2 to 5 say.", "3: PAGE has no row 5 in SECT 7"),
      ("/// As PAGE#three-words says.", "3: PAGE has no heading #three-words"),
      ("/// As SIGN7.2 says.", "3: SIGN7.2 stands without its document"),
      ("/// As ITSNAME says.", "3: there is no ITSNAME"),
      ("/// As DIR/NoBadTests.swift and DIR/No*.swift show.", "3: there is no DIR/NoBadTests.swift"),
      ("/// As `DIR/BadTests.swift` shows.", nil),
      ("/// As RFC 9110 SECTs 2 and 3 say.", "3: \"RFC 9110 SECTs\" FORM"),
      ("/// As SECT 7.2 says.", "3: \"SECT 7.2\" FORM"),
      (
        "@Suite(\"PAGE SIGN7: All\") struct A { @Test(\"2, 9: all\") func a() {} }",
        " PAGE has no row 9 in SECT 9"
      ),
      (
        "@Suite(\"PAGE SIGN7: All\") struct A { @Test(\"AD-1, 2: all\") func a() {} }", nil
      ),
      ("@Suite struct A { @Test(\"AD-1 to AD-3: all\") func a() {} }", " ADOPTION has no row AD-3 in SECT 8"),
    ] as [(String, String?)]
  )
  func brokenReference(text: String, violation: String?) throws {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("bad-page-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    // Put together here, so that this file itself refers to nothing.
    let words = [
      ("PAGE", "docs/contract/" + "page" + ".md"), ("ADOPTION", "docs/contract/" + "adoption" + ".md"),
      ("ITSNAME", "other" + ".md"), ("DIR", "Te" + "sts"),
      ("SIGN", "\u{A7}"),
      ("SECT", "sec" + "tion"), ("FORM", "is not how CONTRIBUTING.md has sections written"),
    ]
    let filled = { (text: String) in words.reduce(text) { $0.replacingOccurrences(of: $1.0, with: $1.1) } }
    let page = """
      # Page
      ## 7. Two words
      ### 7.2 Below it
      ## Two words
      ## 7. Rows
      | # | what |
      | 2 | a |
      | 3 | b |
      | 4 | c |
      ## 9. Test cases
      | 2 | d |
      """
    for (name, text) in [
      (filled("PAGE"), page),
      (filled("ADOPTION"), "# Adoption\n## 8. Test cases\n| AD-1 | a |\n| AD-2 | b |"),
      ("Tests/BadTests.swift", "import A\n\n  " + filled(text)),
    ] {
      let file = root.appendingPathComponent(name)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(),
        withIntermediateDirectories: true
      )
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    let expected = violation.map { ["Tests/BadTests.swift:" + filled($0)] } ?? []
    #expect(References(root: root.path).violations() == expected)
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
