public import Text

/// A code as a row has it. Columns of codes hold any text, and another release, or another program, may know codes that
/// this one does not: such a code keeps its own text, which is what is shown of it and what is written back.
public enum StoredCode<Known: RawRepresentable<String> & Sendable>: Sendable {
  case known(Known)
  case unknown(String)

  /// - Parameter text: compared byte by byte, so that a look-alike of a code is a value of its own.
  @inlinable public init(_ text: String) {
    self = Known(code: text).map(Self.known) ?? .unknown(text)
  }

  /// As it is stored.
  @inlinable public var rawValue: String {
    switch self {
    case .known(let code): code.rawValue
    case .unknown(let text): text
    }
  }

  /// The code, if this release knows it.
  @inlinable public var known: Known? {
    if case .known(let code) = self { code } else { nil }
  }
}

extension StoredCode: Equatable where Known: Equatable {
  @inlinable public static func == (left: Self, right: Self) -> Bool {
    switch (left, right) {
    case (.known(let left), .known(let right)): left == right
    case (.unknown(let left), .unknown(let right)): left.hasSameBytes(as: right)
    default: false
    }
  }
}
