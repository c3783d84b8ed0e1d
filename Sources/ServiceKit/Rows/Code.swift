/// A code of the contract, with the words that describe it.
public protocol Code: RawRepresentable<String>, CaseIterable, Sendable {
  /// What is said of the code, in the API's description.
  static var summary: String { get }

  /// What a list of all codes calls those of this type: `reasons`.
  static var listName: String { get }

  /// The words for the code.
  var description: String { get }
}

extension StoredCode where Known: Code {
  /// The words for it; of a code that this release does not know, the code itself.
  @inlinable public var description: String {
    switch self {
    case .known(let code): code.description
    case .unknown(let text): text
    }
  }
}

extension APISchema {
  /// One of the codes of a type.
  public static func codes<Known: Code>(_ type: Known.Type) -> APISchema {
    .choice(type.allCases.map(\.rawValue), type.summary)
  }
}
