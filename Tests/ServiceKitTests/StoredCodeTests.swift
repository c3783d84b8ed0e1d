import Testing
import Text

@testable import ServiceKit

@Suite struct StoredCodeTests {
  private enum Colour: String, CaseIterable {
    case pink = "PINK"
    case black = "BLACK"
  }

  @Test("A known code is itself, and every other text keeps its bytes")
  func codes() {
    #expect(StoredCode<Colour>("PINK") == .known(.pink))
    for text in ["", "pink", "PINK ", "PIN\u{212A}", "PINK\u{200D}", "\u{0}", "\"\\\n☃"] {
      let code = StoredCode<Colour>(text)
      #expect(code.known == nil)
      #expect(code.rawValue.hasSameBytes(as: text))
    }
    #expect(StoredCode<Colour>("PIN\u{212A}") != .known(.pink))
    #expect(StoredCode<Colour>("\u{E9}") != StoredCode<Colour>("e\u{301}"))
  }
}
