internal import Text

/// What prisoner search's answer says of those who were asked about: whose sentence is over, and about whom it says too
/// little, or nothing.
struct PastDateReview: Equatable, Sendable {
  private(set) var past: [String] = []
  private(set) var undecided: [String] = []

  /// Takes the answer to one question.
  /// - Parameters:
  ///   - asked: the numbers asked about.
  ///   - found: who was found, of whom some may not have been asked about.
  ///   - today: `yyyy-MM-dd`.
  mutating func add(asked: some Sequence<String>, found: [SentenceFacts], today: String) {
    past += found.filter { $0.verdict(today: today) == .past }.map(\.prisonerNumber)
    undecided += found.filter { $0.verdict(today: today) == .undecided }.map(\.prisonerNumber)
    let answered = Set(found.map { ByteText($0.prisonerNumber) })
    undecided += asked.filter { !answered.contains(ByteText($0)) }
  }
}
