/// The form of a prisoner number (`non-associations.md` §4.1). Letters are not folded: `a1234bc` has the form and is
/// another number than `A1234BC`.
enum PrisonerNumber {
  static let formatMessage = "Prisoner number must be in the correct format"

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
