import Logging
import ServiceKit
import SharedAuth
internal import Text
internal import Time

extension RestrictedPatientsModule {
  /// Removes everybody whose sentence is over (docs/contract/restricted-patients.md §12). One patient's failure keeps nobody
  /// else from being removed.
  /// - Parameters:
  ///   - caller: who asked; nil for the schedule and the command.
  ///   - deadline: for all of it.
  /// - Throws: `RestrictedPatientsError.upstream` if prisoner search does not answer, `PostgresError` if the patients
  ///   cannot be read, `CancellationError` before any of which nobody is removed.
  func checkPastDates(
    for caller: Principal?,
    before deadline: MonotonicInstant
  ) async throws -> PastDateSummary {
    let numbers = try await store.numbers(deadline: deadline)
    let review = try await review(numbers, before: deadline)
    var summary = PastDateSummary()
    (summary.checked, summary.undecided) = (numbers.count, review.undecided.count)
    if !review.undecided.isEmpty { telemetry.track(.batchUndecided(review.undecided)) }
    try await removePast(review.past, for: caller, &summary, before: deadline)
    logger.notice("past-date check done", metadata: summary.metadata)
    return summary
  }

  /// Asks about everybody before anybody is removed: tomorrow's check finds the same people, and a wrong removal cannot be
  /// taken back.
  private func review(_ numbers: [String], before deadline: MonotonicInstant) async throws -> PastDateReview {
    var review = PastDateReview()
    let today = london.local(clock.now()).dateText
    for start in stride(from: 0, to: numbers.count, by: PrisonerSearchClient.chunkSize) {
      try Task.checkCancellation()
      let chunk = numbers[start..<min(start + PrisonerSearchClient.chunkSize, numbers.count)]
      let found = try await reportingUpstream { () async throws(UpstreamFailure) in
        try await prisonerSearch.prisoners(chunk, deadline: deadline)
      }
      review.add(asked: chunk, found: found, today: today)
    }
    return review
  }

  private func removePast(
    _ past: [String],
    for caller: Principal?,
    _ summary: inout PastDateSummary,
    before deadline: MonotonicInstant
  ) async throws {
    guard !past.isEmpty else { return }
    summary.past = past.count
    telemetry.track(.batchRemoval(past))
    for number in past {
      try Task.checkCancellation()
      do {
        try await removePatient(number, by: caller, because: .batch, before: deadline)
        summary.removed += 1
      } catch {
        summary.failed += 1
        telemetry.trace(
          TelemetryTrace(
            .error,
            "restricted-patient-batch-removal failed for offender \(number)",
            summary: "restricted-patient-batch-removal failed for an offender",
            properties: ["reason": "\(error)"]
          )
        )
      }
    }
    telemetry.track(.batchSummary(summary))
  }
}
