/// Why a text is not the JSON this target accepts.
struct JSONError: Error {
  let reason: String
  /// In bytes from the start of the text.
  let offset: Int
}

/// A strict reader of small JSON texts (RFC 8259): UTF-8 only, no duplicate names in an object, nothing after the
/// value.
///
/// Why not `JSONDecoder`: it takes one of two members of the same name without a word, and a token whose header or
/// claims are read differently by two readers is an attack (RFC 7515 section 10.12, RFC 8725 section 2.4).
struct JSONReader {
  /// Arrays and objects inside each other at most.
  static let maximumDepth = 32

  private let bytes: [UInt8]
  private var index = 0

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// - Throws: `JSONError`.
  static func read(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
    var reader = JSONReader(bytes)
    let value = try reader.value(depth: 0)
    reader.skipBlanks()
    guard reader.index == bytes.count else { throw reader.error("text after the value") }
    return value
  }

  private func error(_ reason: String) -> JSONError { JSONError(reason: reason, offset: index) }

  private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

  private mutating func skipBlanks() {
    while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { index += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    index += 1
    return true
  }

  private mutating func take(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
    let characters = word.description.utf8
    guard bytes[index...].starts(with: characters) else { throw error("not a value") }
    index += characters.count
    return value
  }

  private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
    skipBlanks()
    guard depth <= Self.maximumDepth else { throw error("too deep") }
    switch next {
    case UInt8(ascii: "{"): return .object(try object(depth: depth + 1))
    case UInt8(ascii: "["): return .array(try array(depth: depth + 1))
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try take("true", .bool(true))
    case UInt8(ascii: "f"): return try take("false", .bool(false))
    case UInt8(ascii: "n"): return try take("null", .null)
    default: return .number(try number())
    }
  }

  private mutating func object(depth: Int) throws(JSONError) -> [String: JSONValue] {
    index += 1
    var members: [String: JSONValue] = [:]
    skipBlanks()
    if take("}") { return members }
    repeat {
      skipBlanks()
      guard next == UInt8(ascii: "\"") else { throw error("not a name") }
      let name = try string()
      skipBlanks()
      guard take(":") else { throw error("no colon") }
      guard members.updateValue(try value(depth: depth), forKey: name) == nil else {
        throw error("duplicate name")
      }
      skipBlanks()
    } while take(",")
    guard take("}") else { throw error("unfinished object") }
    return members
  }

  private mutating func array(depth: Int) throws(JSONError) -> [JSONValue] {
    index += 1
    var values: [JSONValue] = []
    skipBlanks()
    if take("]") { return values }
    repeat {
      values.append(try value(depth: depth))
      skipBlanks()
    } while take(",")
    guard take("]") else { throw error("unfinished array") }
    return values
  }

  private mutating func number() throws(JSONError) -> Double {
    let start = index
    _ = take("-")
    if !take("0") { try digits() }
    if take(".") { try digits() }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      try digits()
    }
    guard let value = Double(String(decoding: bytes[start..<index], as: UTF8.self)) else {
      throw error("not a number")
    }
    return value
  }

  private mutating func digits() throws(JSONError) {
    let start = index
    while let byte = next, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { index += 1 }
    guard index > start else { throw error("not a value") }
  }

  private mutating func string() throws(JSONError) -> String {
    index += 1
    var text: [UInt8] = []
    while let byte = next {
      index += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: text, as: UTF8.self) else { throw error("not UTF-8") }
        return text
      case UInt8(ascii: "\\"): try escape(into: &text)
      case 0..<0x20: throw error("control character")
      default: text.append(byte)
      }
    }
    throw error("unfinished string")
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
    let character = next
    index += 1
    switch character {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(character ?? 0)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0c)
    case UInt8(ascii: "n"): text.append(0x0a)
    case UInt8(ascii: "r"): text.append(0x0d)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var code = try hexadecimal()
      if code & 0xfc00 == 0xd800 {
        guard take("\\"), take("u") else { throw error("lone surrogate") }
        let low = try hexadecimal()
        guard low & 0xfc00 == 0xdc00 else { throw error("lone surrogate") }
        code = 0x10000 + (code & 0x3ff) << 10 + low & 0x3ff
      }
      guard let scalar = Unicode.Scalar(code) else { throw error("lone surrogate") }
      text.append(contentsOf: String(scalar).utf8)
    default: throw error("unknown escape")
    }
  }

  private mutating func hexadecimal() throws(JSONError) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = next.flatMap({ Character(Unicode.Scalar($0)).hexDigitValue }) else {
        throw error("not four hexadecimal digits")
      }
      index += 1
      code = code << 4 | UInt32(digit)
    }
    return code
  }
}
