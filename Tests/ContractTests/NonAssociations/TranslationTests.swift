import ServiceKit
import Testing

@testable import NonAssociationsModule

@Suite("docs/contract/non-associations.md §15: Translation")
struct TranslationTests {
  private static let codes: [(Role, LegacyReason)] = [
    (.victim, .victim), (.perpetrator, .perpetrator), (.notRelevant, .notRelevant), (.unknown, .unknown),
  ]

  @Test("129: for other reasons each side's role is its code, on either side")
  func byRole() {
    for reason in Reason.allCases where reason != .bullying && reason != .gangRelated {
      for (role, code) in Self.codes { #expect(LegacyReason(.known(reason), .known(role)) == code) }
    }
  }

  @Test("130: bullying and gangs are told whatever the roles")
  func byReason() {
    for role in Role.allCases {
      #expect(LegacyReason(.known(.bullying), .known(role)).rawValue == "BUL")
      #expect(LegacyReason(.known(.gangRelated), .known(role)).rawValue == "RIV")
    }
  }

  @Test("131: what comes back as it went, and what does not")
  func roundTrips() {
    let plain = Self.codes.map(\.1)
    var pairs = plain.flatMap { first in plain.map { (first, $0) } }
    pairs += [(.rivalGang, .rivalGang), (.bullying, .bullying)]
    for (first, second) in pairs {
      let (firstRole, secondRole, reason) = LegacyReason.modern(first, second)
      #expect(LegacyReason(.known(reason), .known(firstRole)) == first)
      #expect(LegacyReason(.known(reason), .known(secondRole)) == second)
    }
    let mixed = LegacyReason.modern(.rivalGang, .bullying)
    #expect(mixed == (.notRelevant, .unknown, .gangRelated))
    #expect(LegacyReason.modern(.bullying, .victim) == (.unknown, .victim, .bullying))
  }
}
