import Foundation
import Logging
import ModuleKit
import Testing
import Time

@testable import Gateway

@Suite("The template of subject access requests (docs/contract/adoption.md §5)")
struct SubjectAccessTemplateTests {
  private static let file = "RESTRICTED_PATIENTS_SAR_TEMPLATE_FILE"
  private static let hash = "RESTRICTED_PATIENTS_SAR_TEMPLATE_SHA256"
  /// Of `abc` (FIPS 180-4).
  private static let hashOfABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
  private static let hashOfOwn = "f86c68d22025af888114dbd1d66210696f4774528743159a1181912d7368e498"

  /// A file in the folder that deploy/test removes.
  private static func write(_ text: String) throws -> String {
    let file = FileManager.default.temporaryDirectory.appending(path: "template-\(UUID()).mustache")
    try Data(text.utf8).write(to: file)
    return file.path
  }

  private static func served(_ gateway: RunningGateway, _ base: String) async throws -> Answer {
    try await gateway.get(
      base + "/subject-access-request/template",
      token: gateway.token(roles: ["SAR_DATA_ACCESS"])
    )
  }

  /// What doctor says of the template.
  private static func finding(_ gateway: RunningGateway) async throws -> Finding? {
    let doctor = Doctor(
      configuration: gateway.configuration,
      group: try World.group.get(),
      clock: SystemClock(),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    )
    return await doctor.examine().first { $0.area == "templates" }
  }

  private static func adopt(_ settings: [String: String]) async throws -> (lines: [String], status: Int32) {
    try await OldDatabase.with(.restrictedPatients, versions: ["1", "2", "3", "4"]) { (old) async throws in
      var reader = SettingsReader(environment: settings, profile: .standard)
      return await AdoptCommand.check(
        OldDatabase.databases(nonAssociations: nil, restrictedPatients: old.url),
        settings: &reader,
        group: try World.group.get(),
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      )
    }
  }

  @Test(
    "AD-36: a mounted template is served byte by byte, and doctor tells its hash",
    arguments: ["abc", "{{#.}}\r\n\u{e9}\u{301} \n\n"]
  )
  func mounted(text: String) async throws {
    let settings = [Self.file: try Self.write(text)]
    try await withGateway(at: Patients.clock, settings: settings) { (gateway) async throws in
      for base in ["/restricted-patients-api", ""] {
        let answer = try await Self.served(gateway, base)
        #expect(answer.status == 200)
        #expect(answer.body == Array(text.utf8))
      }
      let finding = try #require(try await Self.finding(gateway))
      #expect(finding.level == .ok)
      #expect(finding.text.contains("\(text.utf8.count) bytes, SHA-256 "), "\(finding.text)")
      if text == "abc" { #expect(finding.text.hasSuffix(Self.hashOfABC)) }
    }
  }

  @Test(
    "AD-37: doctor and adopt fail on another hash than the one that is set, with both; the server warns and starts"
  )
  func otherHash() async throws {
    let settings = [Self.file: try Self.write("abc"), Self.hash: Self.hashOfOwn]
    let log = RecordedLog()
    try await withGateway(at: Patients.clock, settings: settings, logger: log.logger) {
      (gateway) async throws in
      #expect(try await Self.served(gateway, "").text == "abc")
      let warnings = log.lines.filter { $0.level == .warning && $0.message.contains(Self.hashOfABC) }
      #expect(warnings.count == 1)
      #expect(warnings.first?.message.contains(Self.hashOfOwn) == true)
      let finding = try #require(try await Self.finding(gateway))
      #expect(finding.level == .fail)
      #expect(finding.text.contains(Self.hashOfABC) && finding.text.contains(Self.hashOfOwn))
    }
    let (lines, status) = try await Self.adopt(settings)
    #expect(status == 1)
    #expect(
      lines.contains {
        $0.hasPrefix("  problem ") && $0.contains(Self.hashOfABC) && $0.contains(Self.hashOfOwn)
      }
    )
  }

  @Test("AD-38: the gateway's own text has the length and hash that the notes on moving over tell")
  func own() async throws {
    let (lines, status) = try await Self.adopt([Self.hash: Self.hashOfOwn.uppercased()])
    #expect(status == 0)
    #expect(lines.contains { $0.hasSuffix("is the gateway's own: 1161 bytes, SHA-256 \(Self.hashOfOwn)") })
    let notes = try String(contentsOf: Self.root.appending(path: "docs/moving-over.md"), encoding: .utf8)
    #expect(notes.contains("1161 bytes, SHA-256\n   `\(Self.hashOfOwn)`"))
  }

  // This file is Tests/ContractTests/RestrictedPatients/SubjectAccessTemplateTests.swift.
  private static let root = (0..<4).reduce(URL(fileURLWithPath: #filePath)) { url, _ in
    url.deletingLastPathComponent()
  }

  @Test(
    "A template that cannot be read, is blank or no text, and a hash that is none, refuse the start",
    arguments: [
      ("", "is blank"), ("\n \n", "is blank"), (nil, "cannot be read"),
    ] as [(String?, String)]
  )
  func refused(text: String?, reason: String) throws {
    let path = try text.map { try Self.write($0) } ?? "/nowhere/template.mustache"
    var reader = SettingsReader(
      environment: [Self.file: path, Self.hash: Self.hashOfABC + "0"],
      profile: .standard
    )
    #expect(throws: ConfigurationError.self) { _ = try Configuration.read(&reader, of: Modules.all) }
    #expect(reader.problems.contains { $0.hasPrefix("\(Self.file): '\(path)' \(reason)") })
    #expect(reader.problems.contains { $0.hasPrefix("\(Self.hash): ") && $0.hasSuffix("hexadecimal digits") })
  }
}
