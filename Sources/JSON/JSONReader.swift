internal import CLinux

/// Reads JSON (RFC 8259) value by value in the order of the text, as strictly as its ``JSONPolicy`` says.
///
/// Of our own, because bodies need what `JSONDecoder` does not tell: whether a text property was given as a number,
/// which property is at fault, and an end after the value; and because the answers of prisoner search are on the path
/// of every list, where it costs ten times as much.
///
/// Reading never recurses deeper than the policy's containers.
public struct JSONReader: Sendable {
  /// What kind of value comes next.
  public enum Kind: Sendable {
    case object, array, string, number, boolean, null
  }

  private let bytes: [UInt8]
  private var position = 0
  private var depth = 0
  private let policy: JSONPolicy
  /// Whether the innermost container has been opened and nothing of it read.
  private var isAtStart = false

  /// - Parameter bytes: UTF-8.
  public init(_ bytes: [UInt8], _ policy: JSONPolicy = .strict) {
    self.bytes = bytes
    self.policy = policy
    if policy.allowsByteOrderMark, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  /// The kind of the next value, which stays unread.
  /// - Throws: `JSONError`, as all of the reader's methods do: when something else comes than was asked for, or
  ///   no JSON at all.
  public mutating func next() throws(JSONError) -> Kind {
    skipBlanks()
    guard let byte = current else { throw failure("unexpected end of text") }
    switch byte {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean
    case UInt8(ascii: "n"): return .null
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
    default: throw failure("expected a value")
    }
  }

  /// Enters an object; read its members with ``nextKey()``.
  public mutating func beginObject() throws(JSONError) { try open("{", "expected an object") }

  /// The key of the next member, whose value must then be read or skipped; nil when the object has ended.
  public mutating func nextKey() throws(JSONError) -> String? {
    guard try advance(to: UInt8(ascii: "}")) else { return nil }
    skipBlanks()
    guard current == UInt8(ascii: "\"") else { throw failure("expected a property name") }
    let key = try string()
    skipBlanks()
    try take(UInt8(ascii: ":"), "expected a colon")
    return key
  }

  /// The place in `keys` of the key of the next member, whose value must then be read or skipped; -1 when it is none of
  /// them; nil when the object has ended. No text is made of a key, and keys in the order of `keys` are found at once.
  /// - Parameters:
  ///   - keys: keys that need no escape.
  ///   - expected: the place of the key that is looked at first.
  public mutating func nextKey(of keys: [StaticString], expecting expected: Int = 0) throws(JSONError) -> Int?
  {
    guard try advance(to: UInt8(ascii: "}")) else { return nil }
    skipBlanks()
    guard current == UInt8(ascii: "\"") else { throw failure("expected a property name") }
    var place = expected
    for _ in keys.indices {
      defer { place += 1 }
      if place < 0 || place >= keys.count { place = 0 }
      let key = keys[place]
      guard
        gateway_json_is_key(bytes, position + 1, bytes.count, key.utf8Start, key.utf8CodeUnitCount) == 1
      else { continue }
      position += key.utf8CodeUnitCount + 2
      skipBlanks()
      try take(UInt8(ascii: ":"), "expected a colon")
      return place
    }
    let name = try string()
    skipBlanks()
    try take(UInt8(ascii: ":"), "expected a colon")
    // One that is written with escapes is the same key.
    return keys.firstIndex { name.utf8.elementsEqual("\($0)".utf8) } ?? -1
  }

  /// Enters an array; step through it with ``nextElement()``.
  public mutating func beginArray() throws(JSONError) { try open("[", "expected an array") }

  /// Whether there is another element, which must then be read or skipped; false when the array has ended.
  public mutating func nextElement() throws(JSONError) -> Bool { try advance(to: UInt8(ascii: "]")) }

  /// The next string, its escapes taken out.
  public mutating func string() throws(JSONError) -> String {
    skipBlanks()
    try take(UInt8(ascii: "\""), "expected a string")
    let start = position
    var hasHigh: Int32 = 0
    position = gateway_json_plain_end(bytes, start, bytes.count, lowest, &hasHigh)
    switch current {
    case nil: throw failure("unexpected end of text")
    case UInt8(ascii: "\""):
      defer { position += 1 }
      // ASCII is UTF-8.
      if hasHigh == 0 { return String(decoding: bytes[start..<position], as: UTF8.self) }
      guard let text = Self.text(bytes.span.extracting(start..<position)) else {
        throw failure("invalid UTF-8")
      }
      return text
    case UInt8(ascii: "\\"): return try escapedString(from: start)
    default: throw failure("control character in a string")
    }
  }

  /// The next string; nil when `null` is there instead.
  public mutating func optionalString() throws(JSONError) -> String? {
    guard try next() == .null else { return try string() }
    try null()
    return nil
  }

  /// The next string; a number or a boolean is read as it is written, as the services replaced did.
  public mutating func text() throws(JSONError) -> String {
    switch try next() {
    case .number: try number()
    case .boolean: try boolean() ? "true" : "false"
    default: try string()
    }
  }

  /// ``text()``; nil when `null` is there instead.
  public mutating func optionalText() throws(JSONError) -> String? {
    guard try next() == .null else { return try text() }
    try null()
    return nil
  }

  /// The next number as it is written.
  public mutating func number() throws(JSONError) -> String {
    skipBlanks()
    let start = position
    if current == UInt8(ascii: "-") { position += 1 }
    if current == UInt8(ascii: "0") { position += 1 } else { try digits() }
    if current == UInt8(ascii: ".") {
      position += 1
      try digits()
    }
    if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
      position += 1
      if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
      try digits()
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  /// The next `true` or `false`.
  public mutating func boolean() throws(JSONError) -> Bool {
    skipBlanks()
    let value = current == UInt8(ascii: "t")
    try literal(value ? "true" : "false", "expected true or false")
    return value
  }

  /// Reads past the next value, which must be `null`.
  public mutating func null() throws(JSONError) {
    skipBlanks()
    try literal("null", "expected null")
  }

  /// Reads past the next value, whatever it is.
  public mutating func skip() throws(JSONError) {
    switch try next() {
    case .object:
      try beginObject()
      while try nextKey() != nil { try skip() }
    case .array:
      try beginArray()
      while try nextElement() { try skip() }
    case .string: _ = try string()
    case .number: _ = try number()
    case .boolean: _ = try boolean()
    case .null: try null()
    }
  }

  /// Makes sure that nothing but blanks is left.
  public mutating func end() throws(JSONError) {
    skipBlanks()
    if position < bytes.count { throw failure("unexpected text after the value") }
  }

  // MARK: Pieces

  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  func failure(_ reason: String) -> JSONError {
    JSONError(reason: reason, offset: position)
  }

  private mutating func skipBlanks() {
    while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func take(_ byte: UInt8, _ expected: String) throws(JSONError) {
    guard current == byte else { throw failure(current == nil ? "unexpected end of text" : expected) }
    position += 1
  }

  private mutating func literal(_ text: String, _ expected: String) throws(JSONError) {
    for byte in text.utf8 { try take(byte, expected) }
  }

  private mutating func open(_ bracket: Unicode.Scalar, _ expected: String) throws(JSONError) {
    skipBlanks()
    try take(UInt8(ascii: bracket), expected)
    depth += 1
    guard depth <= policy.maximumDepth else { throw failure("nested deeper than \(policy.maximumDepth)") }
    isAtStart = true
  }

  /// Steps over a comma to the next member, or over `close` out of the container (false).
  private mutating func advance(to close: UInt8) throws(JSONError) -> Bool {
    skipBlanks()
    let isFirst = isAtStart
    isAtStart = false
    if current == close {
      position += 1
      depth -= 1
      return false
    }
    if !isFirst { try take(UInt8(ascii: ","), "expected a comma or the end of the container") }
    return true
  }

  private mutating func digits() throws(JSONError) {
    let start = position
    while let byte = current, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { position += 1 }
    if position == start { throw failure("expected a digit") }
  }

  /// The lowest byte that may stand for itself in a string.
  private var lowest: UInt8 { policy.allowsControlCharacters ? 0 : 0x20 }

  /// Goes on with a string that has escapes; `position` is at the first of them.
  private mutating func escapedString(from start: Int) throws(JSONError) -> String {
    var text = Array(bytes[start..<position])
    while let byte = current {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = Self.text(text.span) else { throw failure("invalid UTF-8") }
        return text
      case UInt8(ascii: "\\"): try escape(into: &text)
      case 0..<0x20 where !policy.allowsControlCharacters: throw failure("control character in a string")
      default: text.append(byte)
      }
    }
    throw failure("unexpected end of text")
  }

  /// Nil unless it is UTF-8. `String(validating:as:)` does the same, but looks up its types' metadata at each call, which
  /// takes longer than the text itself.
  private static func text(_ utf8: Span<UInt8>) -> String? {
    do {
      return String(copying: try UTF8Span(validating: utf8))
    } catch {
      return nil
    }
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
    guard let byte = current else { throw failure("unexpected end of text") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var value = try codeUnit()
      if 0xD800..<0xDC00 ~= value {
        try take(UInt8(ascii: "\\"), "half of a surrogate pair")
        try take(UInt8(ascii: "u"), "half of a surrogate pair")
        let low = try codeUnit()
        guard 0xDC00..<0xE000 ~= low else { throw failure("half of a surrogate pair") }
        value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(value) else { throw failure("half of a surrogate pair") }
      text.append(contentsOf: String(Character(scalar)).utf8)
    default: throw failure("unknown escape")
    }
  }

  private mutating func codeUnit() throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = current, let digit = Self.hexValue(byte) else { throw failure("expected a hex digit") }
      value = value << 4 | digit
      position += 1
    }
    return value
  }

  private static func hexValue(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a")) + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A")) + 10
    default: nil
    }
  }
}
