import Testing
import Text

@Suite struct StringBytesTests {
  private enum Code: String, CaseIterable {
    case bookKeeper = "BOOK_KEEPER"
    case other = "OTHER"
  }

  /// Each with what Unicode takes for the same.
  private static let pairs = [
    ("K", "\u{212A}"), (";", "\u{37E}"), ("`", "\u{1FEF}"), ("\u{C5}", "\u{212B}"), ("\u{E9}", "e\u{301}"),
  ]

  @Test("What only looks alike is not the same bytes", arguments: pairs)
  func bytes(plain: String, other: String) {
    #expect(plain == other, "else this shows nothing")
    #expect(!plain.hasSameBytes(as: other))
    #expect(ByteText(plain) != ByteText(other))
    #expect(Set([ByteText(plain), ByteText(other)]).count == 2)
    #expect([ByteText(plain): 1][ByteText(other)] == nil)
    for text in [plain, other, ""] {
      #expect(text.hasSameBytes(as: String(decoding: Array(text.utf8), as: UTF8.self)))
      #expect(ByteText(text) == ByteText(text))
    }
  }

  @Test("A code is found by its bytes alone")
  func codes() {
    for code in Code.allCases {
      #expect(Code(code: code.rawValue) == code)
      #expect(Code(code: code.rawValue.lowercased()) == nil)
      #expect(Code(code: code.rawValue + "\u{200D}") == nil)
    }
    #expect(Code(rawValue: "BOO\u{212A}_KEEPER") == .bookKeeper, "which is why there is another look-up")
    #expect(Code(code: "BOO\u{212A}_KEEPER") == nil)
  }

  @Test("Upper and lower case are those of ASCII")
  func letterCase() {
    #expect("aZ09 ſ\u{212A}é".asciiUppercased == "AZ09 ſ\u{212A}é")
    #expect("aZ09 ſ\u{212A}É".asciiLowercased == "az09 ſ\u{212A}É")
  }
}
