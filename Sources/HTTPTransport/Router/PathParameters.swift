internal import Text

/// The values that a request's path gave to the parameters of the route it matched: percent-decoded, never empty.
public struct PathParameters: Sendable {
  /// Names and positions belong to the route and the segments to the request: a match copies neither.
  private let names: [(name: String, position: Int)]
  private let segments: [String]

  init(names: [(name: String, position: Int)], segments: [String]) {
    self.names = names
    self.segments = segments
  }

  /// No parameters.
  public init() { self.init(names: [], segments: []) }

  /// The value of a parameter; nil when the route has none of this name.
  public subscript(_ name: String) -> String? {
    for entry in names where entry.name == name && entry.position < segments.count {
      return segments[entry.position]
    }
    return nil
  }

  /// A parameter as a decimal number with an optional sign; nil when it is anything else or does not fit.
  public func int64(_ name: String) -> Int64? { self[name].flatMap { Int64($0) } }

  /// A parameter as a decimal number with an optional sign; nil when it is anything else or does not fit.
  public func int32(_ name: String) -> Int32? { self[name].flatMap { Int32($0) } }

  /// A parameter as one of the cases of an enumeration, by raw value; nil when it is none of them.
  public func value<Value: RawRepresentable<String>>(_ name: String, as type: Value.Type = Value.self)
    -> Value?
  {
    self[name].flatMap { Value(code: $0) }
  }
}
