/// Writes JSON (RFC 8259) field by field, in the order of the calls, straight into bytes. Commas are its own business;
/// that every `begin` gets its `end`, and every value in an object its key, is the caller's.
public struct JSONWriter: Sendable {
  /// The UTF-8 text so far.
  public private(set) var bytes: [UInt8] = []
  private var needsComma = false

  /// - Parameter capacity: bytes to set aside; the text may grow beyond.
  public init(capacity: Int = 1024) { bytes.reserveCapacity(capacity) }

  /// A text as a JSON string.
  public static func quoted(_ text: String) -> String {
    var writer = JSONWriter(capacity: text.utf8.count + 2)
    writer.value(text)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  /// Begins an object; each of its values needs its ``key(_:)`` first.
  public mutating func beginObject() { begin("{") }
  public mutating func endObject() { end("}") }
  /// Begins an array.
  public mutating func beginArray() { begin("[") }
  public mutating func endArray() { end("]") }

  /// The key of the next value.
  /// - Parameter key: must need no escaping: no quotation mark, backslash or control character.
  public mutating func key(_ key: StaticString) {
    let isFirst = !needsComma
    needsComma = false
    // The buffer is read within the closure only; a static string lives for ever.
    key.withUTF8Buffer { key in
      bytes.append(addingCapacity: key.count + 4) { Self.write(key: key, isFirst: isFirst, to: &$0) }
    }
  }

  /// The key of the next value, for names known only at run time.
  public mutating func key(_ key: String) {
    separate()
    quote(key)
    bytes.append(UInt8(ascii: ":"))
  }

  /// Writes `null`.
  public mutating func null() { literal("null") }

  /// Writes `true` or `false`.
  public mutating func value(_ value: Bool) { literal(value ? "true" : "false") }

  /// Writes a number without a fraction.
  public mutating func value(_ value: Int64) {
    separate()
    needsComma = true
    var rest = value.magnitude
    var power: UInt64 = 1
    while rest / power >= 10 { power *= 10 }
    bytes.append(addingCapacity: 20) { text in
      if value < 0 { text.append(UInt8(ascii: "-")) }
      while power > 0 {
        text.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest / power))
        rest %= power
        power /= 10
      }
    }
  }

  /// The shortest text that reads back as `value`, with a fraction always; null for what JSON cannot say.
  public mutating func value(_ value: Double) {
    guard value.isFinite else { return null() }
    separate()
    bytes.append(contentsOf: value.description.utf8)
    needsComma = true
  }

  /// Writes a string, escaped where it must be.
  public mutating func value(_ value: String) {
    separate()
    needsComma = true
    quote(value)
  }

  /// A string whose characters `append` appends: ASCII that needs no escaping.
  public mutating func string(_ append: (inout [UInt8]) -> Void) {
    separate()
    needsComma = true
    bytes.append(UInt8(ascii: "\""))
    append(&bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  /// A value that is JSON already; that it is, is the caller's business.
  public mutating func json(_ json: [UInt8]) {
    separate()
    needsComma = true
    bytes.append(contentsOf: json)
  }

  // MARK: A key and its value

  /// A key and its string.
  public mutating func field(_ key: StaticString, _ value: String) {
    let text = value.utf8Span.span
    guard text.count <= Self.shortText, !Self.needsEscape(text) else {
      self.key(key)
      self.value(value)
      return
    }
    let isFirst = !needsComma
    needsComma = true
    // As most are: key and value at once, because each further piece asks again whether there is room.
    key.withUTF8Buffer { key in
      bytes.append(addingCapacity: key.count + text.count + 6) { bytes in
        Self.write(key: key, isFirst: isFirst, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
        for index in text.indices { bytes.append(text[index]) }
        bytes.append(UInt8(ascii: "\""))
      }
    }
  }

  /// Longer ones are copied in one go.
  private static let shortText = 24

  @inline(__always)
  private static func write(
    key: some RandomAccessCollection<UInt8>,
    isFirst: Bool,
    to bytes: inout OutputSpan<UInt8>
  ) {
    if !isFirst { bytes.append(UInt8(ascii: ",")) }
    bytes.append(UInt8(ascii: "\""))
    for byte in key { bytes.append(byte) }
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
  }

  /// Writes `null` for nil: the contract leaves no property out.
  public mutating func field(_ key: StaticString, _ value: String?) {
    self.key(key)
    if let value { self.value(value) } else { null() }
  }

  /// A key and its number.
  public mutating func field(_ key: StaticString, _ value: Int64) {
    self.key(key)
    self.value(value)
  }

  /// A key and its `true` or `false`.
  public mutating func field(_ key: StaticString, _ value: Bool) {
    self.key(key)
    self.value(value)
  }

  // MARK: Pieces

  private mutating func begin(_ bracket: Unicode.Scalar) {
    separate()
    bytes.append(UInt8(ascii: bracket))
  }

  private mutating func end(_ bracket: Unicode.Scalar) {
    bytes.append(UInt8(ascii: bracket))
    needsComma = true
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = false
  }

  private mutating func literal(_ text: StaticString) {
    separate()
    needsComma = true
    // The buffer is read within the closure only; a static string lives for ever.
    text.withUTF8Buffer { bytes.append(contentsOf: $0) }
  }

  private mutating func quote(_ text: String) {
    let utf8 = text.utf8Span.span
    bytes.append(UInt8(ascii: "\""))
    if Self.needsEscape(utf8) {
      for byte in text.utf8 { escape(byte) }
    } else {
      bytes.append(contentsOf: text.utf8)
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private static func needsEscape(_ text: Span<UInt8>) -> Bool {
    for index in text.indices {
      let byte = text[index]
      if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return true }
    }
    return false
  }

  private mutating func escape(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(contentsOf: [UInt8(ascii: "\\"), byte])
    case 0x08: bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "b")])
    case 0x09: bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "t")])
    case 0x0A: bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "n")])
    case 0x0C: bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "f")])
    case 0x0D: bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "r")])
    case 0..<0x20:
      bytes.append(contentsOf: "\\u00".utf8)
      bytes.append(Self.hexDigit(byte >> 4))
      bytes.append(Self.hexDigit(byte & 0xF))
    default: bytes.append(byte)
    }
  }

  private static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") &+ value : UInt8(ascii: "A") &+ (value &- 10)
  }
}
