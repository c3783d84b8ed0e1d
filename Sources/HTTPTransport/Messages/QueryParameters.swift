/// The parameters of a query or of a form body (`application/x-www-form-urlencoded`): `a=1&b=&c`.
///
/// Holds the raw text and decodes on look-up. `+` and `%20` are blanks; names are compared decoded and
/// exactly.
public struct QueryParameters: Sendable {
  private let bytes: [UInt8]
  private let range: Range<Int>

  /// Reads the text after `?`. Parts with a malformed `%` are passed over (a server's parser has refused
  /// them).
  public init(_ text: String = "") {
    bytes = Array(text.utf8)
    range = bytes.indices
  }

  /// Reads a form body.
  public init(form body: [UInt8]) {
    bytes = body
    range = body.indices
  }

  init(_ bytes: [UInt8], _ range: Range<Int>) {
    self.bytes = bytes
    self.range = range
  }

  /// The undecoded text.
  public var raw: String { String(decoding: bytes[range], as: UTF8.self) }
  /// Whether the text is empty.
  public var isEmpty: Bool { range.isEmpty }

  /// The first value of a parameter, empty for `name=` and for `name` alone; nil if it is not there.
  public subscript(_ name: String) -> String? {
    var found: String?
    scan { key, value in
      guard key == name else { return true }
      found = value()
      return found == nil
    }
    return found
  }

  /// All values of a parameter, in order.
  public func all(_ name: String) -> [String] {
    var found: [String] = []
    scan { key, value in
      if key == name, let value = value() { found.append(value) }
      return true
    }
    return found
  }

  /// All pairs, decoded, in order.
  public var pairs: [(name: String, value: String)] {
    var found: [(name: String, value: String)] = []
    scan { key, value in
      if let value = value() { found.append((key, value)) }
      return true
    }
    return found
  }

  /// Calls `visit` with each decoded name and a way to decode its value, until it returns false.
  private func scan(_ visit: (_ name: String, _ value: () -> String?) -> Bool) {
    var start = range.lowerBound
    while start < range.upperBound {
      let part = bytes[start..<range.upperBound].prefix { $0 != 0x26 }
      start = part.endIndex + 1
      guard !part.isEmpty else { continue }
      let nameEnd = part.firstIndex(of: 0x3d) ?? part.endIndex
      let valueStart = min(nameEnd + 1, part.endIndex)
      guard let name = PercentCoding.decode(bytes, part.startIndex..<nameEnd, plusIsBlank: true) else {
        continue
      }
      let goOn = visit(name) { PercentCoding.decode(bytes, valueStart..<part.endIndex, plusIsBlank: true) }
      if !goOn { return }
    }
  }
}
