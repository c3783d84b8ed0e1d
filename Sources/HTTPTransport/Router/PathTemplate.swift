/// The path of a route, with named parameters in braces: `/non-associations/{id}/close`.
///
/// A parameter stands for one whole, non-empty segment. A template that is not well formed is no trap: the router
/// that it is given to refuses it by name.
public struct PathTemplate: Sendable, Hashable, CustomStringConvertible, ExpressibleByStringLiteral {
  enum Segment: Sendable, Hashable {
    case literal(String)
    case parameter(String)
  }

  /// The template as written: the label for metrics and log lines, where a raw path would hold personal data.
  public let text: String
  let segments: [Segment]

  /// - Parameter template: begins with `/`; literal segments are ASCII; parameter names differ from each other.
  public init(_ template: String) {
    text = template
    segments = template.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map { segment in
      segment.hasPrefix("{") && segment.hasSuffix("}")
        ? .parameter(String(segment.dropFirst().dropLast())) : .literal(String(segment))
    }
  }

  public init(stringLiteral value: String) { self.init(value) }

  public var description: String { text }

  /// The names of the parameters, from left to right.
  public var parameterNames: [String] {
    segments.compactMap { if case .parameter(let name) = $0 { name } else { nil } }
  }

  /// What a request must be like to fit: two templates of one shape fit the same paths, whatever the names of their
  /// parameters.
  public struct Shape: Hashable, Sendable {
    let literals: [String?]
  }

  /// The literals, and nil for each parameter.
  public var shape: Shape {
    Shape(literals: segments.map { if case .literal(let text) = $0 { text } else { nil } })
  }

  /// What is wrong with the template; nil when it is well formed.
  var problem: String? {
    guard text.utf8.first == UInt8(ascii: "/") else { return "it does not begin with /" }
    var names: Set<String> = []
    for segment in segments {
      switch segment {
      case .literal(let literal):
        if literal.contains(where: { "{}?#%".contains($0) || !$0.isASCII || $0.isWhitespace }) {
          return "segment '\(literal)' is neither a plain literal nor one {parameter}"
        }
        if literal == "." || literal == ".." { return "a request never has the segment '\(literal)'" }
        if literal.isEmpty, segments.count > 1 { return "it has an empty segment" }
      case .parameter(let name):
        guard let first = name.first, first.isLetter,
          name.allSatisfy({ $0.isLetter || $0.isNumber || "-_".contains($0) })
        else { return "'\(name)' is no parameter name" }
        guard names.insert(name).inserted else { return "parameter '\(name)' stands twice" }
      }
    }
    return nil
  }
}
