import Logging

/// What a past-date check did.
struct PastDateSummary: Equatable, Sendable {
  /// Patients there were.
  var checked = 0
  /// Of these, whose sentence is over.
  var past = 0
  var removed = 0
  /// Who ought to have been removed, but was not.
  var failed = 0
  /// About whom prisoner search says too little, or nothing.
  var undecided = 0

  /// Whether nothing is left to be tried again.
  var isComplete: Bool { failed == 0 }
}

extension PastDateSummary {
  /// By the names that log and telemetry have.
  var counts: [String: String] {
    [
      "checked": "\(checked)", "past": "\(past)", "removed": "\(removed)", "failed": "\(failed)",
      "undecided": "\(undecided)",
    ]
  }

  var metadata: Logger.Metadata { counts.mapValues { "\($0)" } }
}

extension PastDateSummary: CustomStringConvertible {
  /// For the command's output.
  var description: String {
    "\(checked) patients checked: \(past) past their date, \(removed) removed, \(failed) failed, "
      + "\(undecided) undecided"
  }
}
