/// The paths that need no token whether or not anything answers there (docs/contract/platform.md §1.5): an unknown path
/// is 404 here and 401 elsewhere.
enum PublicPaths {
  private static let trees: [[String]] = [
    ["webjars"], ["health"], ["h2-console"], ["v3", "api-docs"], ["swagger-ui"],
  ]
  private static let pages: [[String]] = [["favicon.ico"], ["csrf"], ["info"], ["swagger-ui.html"]]

  /// - Parameter segments: the decoded path segments.
  static func contains(_ segments: [String]) -> Bool {
    trees.contains { segments.starts(with: $0) } || pages.contains { segments == $0 }
  }
}
