import Foundation
import Testing

@testable import Gateway

@Suite("The documents")
struct DocumentTests {
  // This file is Tests/ContractTests/Platform/DocumentTests.swift.
  private static let root = (0..<4).reduce(URL(fileURLWithPath: #filePath)) { url, _ in
    url.deletingLastPathComponent()
  }

  private static func text(_ name: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(name), encoding: .utf8)
  }

  @Test("The table of settings is what `gateway config --describe` prints")
  func settings() throws {
    let described = SettingsCatalog.table.split(separator: "\n")
    let header = try #require(described.first)
    let lines = try Self.text("docs/settings.md").split(separator: "\n", omittingEmptySubsequences: false)
    let start = try #require(lines.firstIndex(of: header), "there is no table of settings")
    let table = lines[start...].prefix { $0.hasPrefix("|") }
    for (line, row) in zip(table, described) { #expect(line == row) }
    #expect(table.count == described.count)
    #expect(described.count > 50)
  }

  /// Two for newcomers, and all that lie in `docs`.
  private static func documents() throws -> [String] {
    let names = try FileManager.default.subpathsOfDirectory(atPath: root.appendingPathComponent("docs").path)
    return ["README.md", "CONTRIBUTING.md"]
      + names.filter { $0.hasSuffix(".md") }.map { "docs/" + $0 }.sorted()
  }

  @Test("The README is short, and every link of a document leads somewhere")
  func links() throws {
    #expect(try Self.text("README.md").utf8.count <= 8192)
    #expect(try Self.documents().count >= 12)
    for document in try Self.documents() {
      let folder = document.split(separator: "/").dropLast().map { $0 + "/" }.joined()
      for link in try Self.text(document).matches(of: /\]\(([^):]+)\)|src="([^"]+)"/) {
        let target = link.output.1 ?? link.output.2 ?? ""
        let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let path = parts[0].isEmpty ? document : folder + parts[0]
        #expect(Self.exists(path), "\(document) links to \(target)")
        guard parts.count == 2, path.hasSuffix(".md"), Self.exists(path) else { continue }
        #expect(try Self.anchors(path).contains(String(parts[1])), "\(document) links to \(target)")
      }
    }
  }

  @Test("Every file that a document names is there")
  func files() throws {
    for document in try Self.documents() {
      let paths = try Self.text(document).matches(
        of: /`((?:Sources|Tests|Benchmarks|deploy|docs|\.ci)\/[^`\s*<#]+)[`\s#]/
      )
      for path in paths.map({ String($0.output.1) }) {
        #expect(Self.exists(path), "\(document) names \(path)")
      }
    }
  }

  private static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: root.appendingPathComponent(path).standardizedFileURL.path)
  }

  /// The headings as a forge links to them: in lower case, without punctuation, hyphens for blanks.
  private static func anchors(_ path: String) throws -> Set<String> {
    let headings = try text(path).split(separator: "\n").filter { $0.hasPrefix("#") }
    return Set(
      headings.map { heading in
        let words = heading.drop { $0 == "#" }.dropFirst().lowercased()
        return String(
          words.filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" }.map { $0 == " " ? "-" : $0 }
        )
      }
    )
  }
}
