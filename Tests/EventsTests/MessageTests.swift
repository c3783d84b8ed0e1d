import Events
import Testing

@Suite struct MessageTests {
  @Test("the subject of a pair does not depend on who comes first")
  func pairSubject() {
    #expect(DomainEvent.subject("B2222BB", "A1111AA") == "A1111AA/B2222BB")
    #expect(DomainEvent.subject("A1111AA", "B2222BB") == "A1111AA/B2222BB")
  }
}
