import ServiceKit

/// The form of a prisoner number (docs/contract/non-associations.md §4.1). Letters are not folded: `a1234bc` has the form
/// and is another number than `A1234BC`.
enum PrisonerNumber {
  static let formatMessage = "Prisoner number must be in the correct format"
  /// Without the form: what the database holds may have another.
  static let schema = APISchema.text("Prisoner number, also called NOMS id", example: "A1234BC")
  /// With the form, which the whole text must have: the pattern has no anchors because validators of clients have it so.
  static let formedSchema = formed(maximum: nil)
  /// A property of a body that must have the form.
  static let rule = rule(example: "A1234BC")
  /// The same for the other prisoner of two, who is another one in examples too.
  static let otherRule = rule(example: "D5678EF")

  private static func rule(example: String) -> TextRule {
    TextRule(formed(maximum: 10, example: example)) { isWellFormed($0) ? nil : formatMessage }
  }

  private static func formed(maximum: Int?, example: String = "A1234BC") -> APISchema {
    .text(
      "Prisoner number, also called NOMS id: a letter, four digits and two letters, and nothing else",
      example: example,
      pattern: "[a-zA-Z][0-9]{4}[a-zA-Z]{2}",
      maximumLength: maximum
    )
  }

  /// Whether the whole text is a letter, four digits and two letters, all ASCII.
  static func isWellFormed(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard bytes.count == 7 else { return false }
    return bytes.indices.allSatisfy { index in
      (1...4).contains(index)
        ? (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index])
        : (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(bytes[index] | 0x20)
    }
  }
}
