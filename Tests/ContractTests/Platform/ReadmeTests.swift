import Foundation
import Testing

@testable import Gateway

@Suite("The README")
struct ReadmeTests {
  private static func text() throws -> String {
    // This file is Tests/ContractTests/Platform/ReadmeTests.swift.
    let root = (0..<4).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
    return try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
  }

  @Test("Its table of settings is what `gateway config --describe` prints")
  func settings() throws {
    let described = SettingsCatalog.table.split(separator: "\n")
    let header = try #require(described.first)
    let lines = try Self.text().split(separator: "\n", omittingEmptySubsequences: false)
    let start = try #require(lines.firstIndex(of: header), "the README has no table of settings")
    let table = lines[start...].prefix { $0.hasPrefix("|") }
    for (line, row) in zip(table, described) { #expect(line == row) }
    #expect(table.count == described.count)
    #expect(described.count > 50)
  }
}
