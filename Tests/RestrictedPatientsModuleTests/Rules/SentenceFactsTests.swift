import Testing

@testable import RestrictedPatientsModule

@Suite("Whose sentence is over (docs/contract/restricted-patients.md §12)")
struct SentenceFactsTests {
  private static func facts(
    _ legalStatus: String?,
    recall: Bool?,
    expiry: String? = nil,
    release: String? = nil,
    indeterminate: Bool? = false
  ) -> SentenceFacts {
    SentenceFacts(
      prisonerNumber: "A12345",
      conditionalReleaseDate: release,
      sentenceExpiryDate: expiry,
      isRecall: recall,
      isIndeterminate: indeterminate,
      legalStatus: legalStatus
    )
  }

  private static let cases: [(SentenceFacts, SentenceFacts.Verdict)] = [
    (facts("RECALL", recall: true, expiry: "2020-10-02"), .past),
    (facts("RECALL", recall: true, expiry: "2020-10-03"), .running),
    (facts("RECALL", recall: true, expiry: "2020-10-04"), .running),
    (facts("UNSENTENCED", recall: true, expiry: "2020-10-02"), .running),
    (facts(nil, recall: true, expiry: "2020-10-02"), .undecided),
    (facts("RECALL", recall: false, expiry: "2020-10-02"), .running),
    (facts(nil, recall: nil, indeterminate: nil), .undecided),
    (facts("SENTENCED", recall: true, expiry: "2020-10-02"), .past),
    (facts("SENTENCED", recall: true, release: "2020-10-02"), .undecided),
    (facts("SENTENCED", recall: false, release: "2020-10-02"), .past),
    (facts("SENTENCED", recall: false, release: "2020-10-04"), .running),
    (facts("RECALL", recall: false, release: "2020-10-02"), .running),
    (facts("SENTENCED", recall: false, release: "2020-10-02", indeterminate: true), .running),
    (facts("SENTENCED", recall: false, release: "2020-10-02", indeterminate: nil), .undecided),
  ]

  @Test("73, 74, 75: by recall, status and the date that counts", arguments: cases)
  func verdict(facts: SentenceFacts, expected: SentenceFacts.Verdict) {
    #expect(facts.verdict(today: "2020-10-03") == expected)
  }
}
