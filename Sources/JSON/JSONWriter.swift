internal import CLinux

/// Writes JSON (RFC 8259) field by field, in the order of the calls, straight into bytes. Commas are its own business;
/// that every `begin` gets its `end`, and every value in an object its key, is the caller's.
///
/// Room for a key and its value is made once, and C writes both into it (`JSONBytes.h`): an answer has thousands of such
/// pieces, and an `append` for each of them asked for room, and for who else holds the bytes, each time.
public struct JSONWriter: Sendable {
  /// The text so far, and room behind it. C is lent its memory for the length of a call.
  private var space: [UInt8]
  /// How many bytes of `space` are text.
  private var used = 0
  private var needsComma = false

  /// - Parameter capacity: bytes to set aside; the text may grow beyond.
  public init(capacity: Int = 1024) { space = [UInt8](repeating: 0, count: capacity) }

  /// The UTF-8 text so far, copied.
  public var bytes: [UInt8] { Array(space[..<used]) }

  /// The text so far, copied.
  public var text: String { String(decoding: space[..<used], as: UTF8.self) }

  /// Gives the UTF-8 text away, without a copy, and begins again with none.
  public mutating func finish() -> [UInt8] {
    var text: [UInt8] = []
    swap(&text, &space)
    text.removeLast(text.count - used)
    used = 0
    needsComma = false
    return text
  }

  /// A text as a JSON string.
  public static func quoted(_ text: String) -> String {
    var writer = JSONWriter(capacity: text.utf8.count + 2)
    writer.value(text)
    return writer.text
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
    makeRoom(key.utf8CodeUnitCount + 4)
    write(key)
    needsComma = false
  }

  /// The key of the next value, for names known only at run time.
  public mutating func key(_ key: String) {
    value(key)
    put(UInt8(ascii: ":"))
    needsComma = false
  }

  /// Writes `null`.
  public mutating func null() { literal("null") }

  /// Writes `true` or `false`.
  public mutating func value(_ value: Bool) { literal(value ? "true" : "false") }

  /// Writes a number without a fraction.
  public mutating func value(_ value: Int64) {
    makeRoom(21)
    separate()
    used = gateway_json_integer(&space, used, value)
    needsComma = true
  }

  /// The shortest text that reads back as `value`, with a fraction always; null for what JSON cannot say.
  public mutating func value(_ value: Double) {
    guard value.isFinite else { return null() }
    separate()
    put(value.description.utf8)
    needsComma = true
  }

  /// Writes a string, escaped where it must be.
  public mutating func value(_ value: String) {
    makeRoom(value.utf8.count + 3)
    separate()
    quote(value)
    needsComma = true
  }

  /// A string that somebody else writes: ASCII that needs no escaping.
  /// - Parameters:
  ///   - room: the most bytes that it may have.
  ///   - write: writes it at a place of an array that has the room, and returns where it ends.
  public mutating func string(room: Int, _ write: (_ space: inout [UInt8], _ start: Int) -> Int) {
    makeRoom(room + 3)
    separate()
    put(UInt8(ascii: "\""))
    used = write(&space, used)
    put(UInt8(ascii: "\""))
    needsComma = true
  }

  /// A value that is JSON already; that it is, is the caller's business.
  public mutating func json(_ json: [UInt8]) {
    separate()
    put(json)
    needsComma = true
  }

  // MARK: A key and its value

  /// A key and its string.
  public mutating func field(_ key: StaticString, _ value: String) {
    makeRoom(key.utf8CodeUnitCount + value.utf8.count + 6)
    write(key)
    quote(value)
    needsComma = true
  }

  /// Writes `null` for nil: the contract leaves no property out.
  public mutating func field(_ key: StaticString, _ value: String?) {
    if let value {
      field(key, value)
    } else {
      self.key(key)
      null()
    }
  }

  /// A key and its number.
  public mutating func field(_ key: StaticString, _ value: Int64) {
    makeRoom(key.utf8CodeUnitCount + 24)
    write(key)
    used = gateway_json_integer(&space, used, value)
    needsComma = true
  }

  /// A key and its `true` or `false`.
  public mutating func field(_ key: StaticString, _ value: Bool) {
    self.key(key)
    self.value(value)
  }

  // MARK: Pieces

  private mutating func begin(_ bracket: Unicode.Scalar) {
    separate()
    put(UInt8(ascii: bracket))
  }

  private mutating func end(_ bracket: Unicode.Scalar) {
    put(UInt8(ascii: bracket))
    needsComma = true
  }

  private mutating func separate() {
    if needsComma { put(UInt8(ascii: ",")) }
    needsComma = false
  }

  private mutating func literal(_ text: StaticString) {
    separate()
    needsComma = true
    makeRoom(text.utf8CodeUnitCount)
    // The buffer is read within the closure only; a static string lives for ever.
    text.withUTF8Buffer { put($0) }
  }

  /// There must be room for it, its comma and its colon.
  @inline(__always) private mutating func write(_ key: StaticString) {
    used = gateway_json_key(&space, used, key.utf8Start, key.utf8CodeUnitCount, needsComma ? 1 : 0)
  }

  /// There must be room for it and its quotation marks, if it needs no escape.
  @inline(__always) private mutating func quote(_ text: String) {
    let written = text.utf8.withContiguousStorageIfAvailable { utf8 in
      gateway_json_string(&space, used, space.count - used, utf8.baseAddress, utf8.count)
    }
    if let written, written > 0 { used = written } else { escape(Array(text.utf8)) }
  }

  /// A text with so many escapes, or in so foreign a memory, that it takes what ``quote(_:)`` does not do.
  @inline(never) private mutating func escape(_ text: [UInt8]) {
    makeRoom(gateway_json_string_size(text, text.count))
    used = gateway_json_string(&space, used, space.count - used, text, text.count)
  }

  private mutating func put(_ byte: UInt8) {
    makeRoom(1)
    space[used] = byte
    used += 1
  }

  private mutating func put(_ text: some Collection<UInt8>) {
    makeRoom(text.count)
    for byte in text {
      space[used] = byte
      used += 1
    }
  }

  @inline(__always) private mutating func makeRoom(_ count: Int) {
    if space.count - used < count { grow(count) }
  }

  @inline(never) private mutating func grow(_ count: Int) {
    let larger = max(used + count, space.count * 2, 64)
    // An array and no `repeatElement`, whose bytes a debug build appends one by one.
    space.append(contentsOf: [UInt8](repeating: 0, count: larger - space.count))
  }
}
