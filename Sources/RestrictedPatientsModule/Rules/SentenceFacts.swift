import ServiceKit

/// What prisoner search tells of a prisoner, as far as it decides whether somebody is still a restricted patient
/// (docs/contract/restricted-patients.md §6.3, §12).
struct SentenceFacts: Equatable, Sendable {
  var prisonerNumber: String
  /// Nil if prisoner search gave none that can be read.
  var bookingID: Int64?
  /// `yyyy-MM-dd`.
  var conditionalReleaseDate: String?
  /// `yyyy-MM-dd`.
  var sentenceExpiryDate: String?
  var isRecall: Bool?
  var isIndeterminate: Bool?
  var legalStatus: String?

  /// Whether the sentence holds anybody in a hospital still.
  enum Verdict: Equatable, Sendable {
    /// The date that ends it has passed.
    case past
    case running
    /// A fact that the rule needs is missing.
    case undecided
  }

  /// - Parameter today: `yyyy-MM-dd`; a date counts as past from the next day on.
  func verdict(today: String) -> Verdict {
    switch isIndeterminate {
    case nil: return .undecided
    case true?: return .running
    case false?: break
    }
    guard let isRecall, let legalStatus else { return .undecided }
    let statuses = isRecall ? ["SENTENCED", "RECALL"] : ["SENTENCED"]
    guard statuses.contains(legalStatus) else { return .running }
    guard let end = isRecall ? sentenceExpiryDate : conditionalReleaseDate else { return .undecided }
    return end < today ? .past : .running
  }
}
