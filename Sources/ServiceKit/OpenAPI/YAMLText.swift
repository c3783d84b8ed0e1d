internal import JSON

/// JSON as YAML (YAML 1.2.2, block styles): the same values, a line for each, properties in their order.
struct YAMLText {
  private(set) var bytes = Array("---".utf8)

  /// - Throws: `JSONError` for what is not one JSON value.
  init(json: [UInt8]) throws(JSONError) {
    var reader = JSONReader(json, .strict)
    try writeValue(from: &reader, indentation: 0)
    try reader.end()
  }

  /// Follows a name, a dash, or the beginning of the document.
  private mutating func writeValue(from reader: inout JSONReader, indentation: Int) throws(JSONError) {
    switch try reader.next() {
    case .null:
      try reader.null()
      endLine("null")
    case .boolean: endLine(try reader.boolean() ? "true" : "false")
    case .number: endLine(try reader.number())
    case .string: endLine(JSONWriter.quoted(try reader.string()))
    case .array:
      var isEmpty = true
      try reader.beginArray()
      while try reader.nextElement() {
        beginLine(indentation, isFirst: isEmpty)
        isEmpty = false
        bytes.append(UInt8(ascii: "-"))
        try writeValue(from: &reader, indentation: indentation + 2)
      }
      if isEmpty { endLine("[]") }
    case .object:
      var isEmpty = true
      try reader.beginObject()
      while let name = try reader.nextKey() {
        beginLine(indentation, isFirst: isEmpty)
        isEmpty = false
        bytes.append(contentsOf: Self.name(name).utf8)
        bytes.append(UInt8(ascii: ":"))
        try writeValue(from: &reader, indentation: indentation + 2)
      }
      if isEmpty { endLine("{}") }
    }
  }

  private mutating func beginLine(_ indentation: Int, isFirst: Bool) {
    if isFirst { bytes.append(UInt8(ascii: "\n")) }
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indentation))
  }

  private mutating func endLine(_ scalar: String) {
    bytes.append(UInt8(ascii: " "))
    bytes.append(contentsOf: scalar.utf8)
    bytes.append(UInt8(ascii: "\n"))
  }

  /// What older readers take for something else than a text (YAML 1.1).
  private static let words: Set<String> = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]

  /// In quotes unless it is a word of letters, digits and hyphens.
  private static func name(_ name: String) -> String {
    let isWord = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
      default: false
      }
    }
    let isPlain = isWord && name.first?.isLetter == true && !words.contains(name.lowercased())
    return isPlain ? name : JSONWriter.quoted(name)
  }
}
