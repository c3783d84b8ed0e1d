import Foundation

/// The numbered headings, the rows of their tables and the anchors of Markdown pages, read once a page.
final class DocumentPages {
  struct Page {
    /// Numbers of headings, such as `7.2`.
    fileprivate(set) var sections: Set<String> = []
    /// First cells of tables that look like a row's number (`12`, `AD-27`, `M1`), by the number of the section.
    fileprivate(set) var rows: [String: Set<String>] = [:]
    /// The section with the test cases, if the page has one.
    fileprivate(set) var testCases: String?
    /// What a forge links to: headings in lower case, without punctuation, hyphens for blanks.
    fileprivate(set) var anchors: Set<String> = []
  }

  private let root: String
  private var pages: [String: Page?] = [:]

  /// - Parameter root: the folder that paths of pages begin in.
  init(root: String) {
    self.root = root
  }

  /// - Parameter path: below the root. nil if there is no such file.
  func page(_ path: String) -> Page? {
    if let known = pages[path] { return known }
    let text = try? String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
    let page = text.map(Self.read)
    pages[path] = page
    return page
  }

  private static func read(_ text: String) -> Page {
    var page = Page()
    var section = ""
    for line in text.split(separator: "\n") {
      if line.hasPrefix("#") {
        let heading = line.drop { $0 == "#" }.drop { $0 == " " }
        page.anchors.insert(anchor(heading))
        if let number = heading.prefixMatch(of: #/(\d+(?:\.\d+)*)\.? /#)?.output.1 {
          section = String(number)
          page.sections.insert(section)
          if heading.hasSuffix(" Test cases") { page.testCases = section }
        }
      } else if let row = line.prefixMatch(of: #/\| ?([A-Z]{0,3}-?\d+) ?\|/#)?.output.1 {
        page.rows[section, default: []].insert(String(row))
      }
    }
    return page
  }

  private static func anchor(_ heading: Substring) -> String {
    let kept = heading.lowercased().filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" }
    return String(kept.map { $0 == " " ? "-" : $0 })
  }
}
