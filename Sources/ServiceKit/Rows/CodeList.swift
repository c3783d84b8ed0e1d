/// The codes of one type, for whoever asks which there are.
public struct CodeList: Sendable {
  /// What a list of all codes calls them: `reasons`.
  public let name: String
  /// Each code, and the words for it.
  public let codes: [(code: String, description: String)]

  init<Known: Code>(_ type: Known.Type) {
    name = type.listName
    codes = type.allCases.map { ($0.rawValue, $0.description) }
  }
}
