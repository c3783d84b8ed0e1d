/// An element of an XML document (XML 1.0): of the answers of SNS and STS, which use elements, text and the entities
/// that every document knows. Names are kept as written; attributes, comments and the declaration are read past; a
/// document type or a processing instruction is refused.
struct XMLElement: Equatable, Sendable {
  struct ParseError: Error {
    let reason: String
  }

  let name: String
  private(set) var children: [XMLElement] = []
  /// Of this element alone, without that of its children.
  private(set) var text = ""

  /// The first child of that name.
  func first(_ name: String) -> XMLElement? { children.first { $0.name == name } }

  /// The text of the first child of that name.
  func text(_ name: String) -> String? { first(name)?.text }

  init(parsing bytes: [UInt8]) throws(ParseError) {
    var reader = Reader(bytes: bytes)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { reader.position = 3 }
    try reader.skipProlog()
    self = try reader.element(depth: 0)
    try reader.skipMiscellany()
    guard reader.isAtEnd else { throw ParseError(reason: "text after the root element") }
  }

  private init(name: String) { self.name = name }

  private struct Reader {
    private static let maximumDepth = 32

    let bytes: [UInt8]
    var position = 0

    var isAtEnd: Bool { position == bytes.count }
    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func skipProlog() throws(ParseError) {
      if skip("<?xml") { try find("?>") }
      try skipMiscellany()
    }

    mutating func skipMiscellany() throws(ParseError) {
      skipBlanks()
      while skip("<!--") {
        try find("-->")
        skipBlanks()
      }
    }

    mutating func element(depth: Int) throws(ParseError) -> XMLElement {
      guard depth < Self.maximumDepth else { throw ParseError(reason: "nested too deep") }
      try take("<")
      var element = XMLElement(name: try name())
      try skipAttributes()
      if skip("/>") { return element }
      try take(">")
      var content: [UInt8] = []
      while !skip("</") {
        switch current {
        case nil: throw ParseError(reason: "unexpected end")
        case UInt8(ascii: "<"):
          if skip("<!--") {
            try find("-->")
          } else {
            element.children.append(try self.element(depth: depth + 1))
          }
        case UInt8(ascii: "&"): content += try entity().utf8
        case .some(let byte):
          content.append(byte)
          position += 1
        }
      }
      guard try name() == element.name else { throw ParseError(reason: "an end tag that does not match") }
      skipBlanks()
      try take(">")
      guard let text = String(validating: content, as: UTF8.self) else {
        throw ParseError(reason: "no UTF-8")
      }
      element.text = text
      return element
    }

    private mutating func skipAttributes() throws(ParseError) {
      while true {
        skipBlanks()
        guard let byte = current, byte != UInt8(ascii: ">"), byte != UInt8(ascii: "/") else { return }
        _ = try name()
        skipBlanks()
        try take("=")
        skipBlanks()
        guard let quote = current, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
          throw ParseError(reason: "an attribute without quotation marks")
        }
        position += 1
        while let byte = current, byte != quote {
          guard byte != UInt8(ascii: "<") else { throw ParseError(reason: "< in an attribute") }
          position += 1
        }
        guard current != nil else { throw ParseError(reason: "unexpected end") }
        position += 1
      }
    }

    private mutating func name() throws(ParseError) -> String {
      let start = position
      while let byte = current, Self.isNameByte(byte) { position += 1 }
      guard position > start, let name = String(validating: bytes[start..<position], as: UTF8.self) else {
        throw ParseError(reason: "expected a name")
      }
      return name
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: ":"), 0x80...:
        true
      default: false
      }
    }

    private mutating func entity() throws(ParseError) -> String {
      position += 1
      let start = position
      while let byte = current, byte != UInt8(ascii: ";"), position - start < 12 { position += 1 }
      guard current == UInt8(ascii: ";") else { throw ParseError(reason: "an entity without an end") }
      let name = String(decoding: bytes[start..<position], as: UTF8.self)
      position += 1
      switch name {
      case "lt": return "<"
      case "gt": return ">"
      case "amp": return "&"
      case "quot": return "\""
      case "apos": return "'"
      default:
        let isHexadecimal = name.hasPrefix("#x")
        guard name.hasPrefix("#"),
          let value = UInt32(name.dropFirst(isHexadecimal ? 2 : 1), radix: isHexadecimal ? 16 : 10),
          let scalar = Unicode.Scalar(value)
        else { throw ParseError(reason: "an unknown entity") }
        return String(Character(scalar))
      }
    }

    private mutating func skipBlanks() {
      while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ text: StaticString) throws(ParseError) {
      guard skip(text.description) else { throw ParseError(reason: "expected \(text)") }
    }

    private mutating func skip(_ text: String) -> Bool {
      guard bytes[position...].starts(with: text.utf8) else { return false }
      position += text.utf8.count
      return true
    }

    private mutating func find(_ text: String) throws(ParseError) {
      while position < bytes.count {
        if skip(text) { return }
        position += 1
      }
      throw ParseError(reason: "unexpected end")
    }
  }
}
