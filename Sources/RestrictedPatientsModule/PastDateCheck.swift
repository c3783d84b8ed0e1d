import Logging
import ServiceKit
internal import Text
internal import Time

/// What a past-date check did.
public struct PastDateSummary: Equatable, Sendable {
  /// Patients there were.
  public var checked = 0
  /// Of these, whose sentence is over.
  public var past = 0
  public var removed = 0
  /// Who ought to have been removed, but was not.
  public var failed = 0
  /// About whom prisoner search says too little, or nothing.
  public var undecided = 0
  /// Questions to prisoner search, of up to 1,000 patients each, that were not answered.
  public var unansweredChunks = 0

  /// Whether everything was decided and done.
  public var isComplete: Bool { failed == 0 && unansweredChunks == 0 }
}

/// Removes everybody whose sentence is over (`restricted-patients.md` §12). One patient's failure, or one unanswered
/// question, keeps nobody else from being removed.
struct PastDateCheck: Sendable {
  let store: RestrictedPatientsStore
  let search: PrisonerSearchClient
  let removal: RemovalService
  let telemetry: any Telemetry
  let london: LondonTime
  let clock: any WallClock
  let logger: Logger

  /// - Parameters:
  ///   - caller: who asked; nil for the schedule and the command.
  ///   - deadline: for all of it.
  /// - Returns: the summary, and the failure of the first question that was not answered.
  /// - Throws: `PostgresError` if the patients cannot be read.
  func run(
    for caller: Caller?,
    deadline: MonotonicInstant
  ) async throws -> (summary: PastDateSummary, failure: UpstreamFailure?) {
    var summary = PastDateSummary()
    var failure: UpstreamFailure?
    let numbers = try await store.numbers(deadline: deadline)
    summary.checked = numbers.count
    var past: [String] = []
    var undecided: [String] = []
    let today = london.local(clock.now()).dateText
    for start in stride(from: 0, to: numbers.count, by: PrisonerSearchClient.chunkSize) {
      try Task.checkCancellation()
      let chunk = numbers[start..<min(start + PrisonerSearchClient.chunkSize, numbers.count)]
      do throws(UpstreamFailure) {
        let found = try await search.prisoners(chunk, deadline: deadline)
        past += found.filter { $0.verdict(today: today) == .past }.map(\.prisonerNumber)
        undecided += found.filter { $0.verdict(today: today) == .undecided }.map(\.prisonerNumber)
        let answered = Set(found.map { ByteText($0.prisonerNumber) })
        undecided += chunk.filter { !answered.contains(ByteText($0)) }
      } catch {
        logger.error("past-date check: prisoner search did not answer", metadata: ["reason": "\(error)"])
        summary.unansweredChunks += 1
        failure = failure ?? error
      }
    }
    summary.undecided = undecided.count
    if !undecided.isEmpty { telemetry.track(.batchUndecided(undecided)) }
    try await remove(past, for: caller, &summary, deadline)
    logger.notice("past-date check done", metadata: summary.metadata)
    return (summary, failure)
  }

  private func remove(
    _ past: [String],
    for caller: Caller?,
    _ summary: inout PastDateSummary,
    _ deadline: MonotonicInstant
  ) async throws {
    guard !past.isEmpty else { return }
    summary.past = past.count
    telemetry.track(.batchRemoval(past))
    for number in past {
      try Task.checkCancellation()
      do {
        _ = try await removal.remove(
          number,
          by: caller?.name,
          subject: caller?.subject,
          cause: .batch,
          deadline: deadline
        )
        summary.removed += 1
      } catch {
        summary.failed += 1
        logger.error(
          "restricted-patient-batch-removal failed for an offender",
          metadata: ["reason": "\(error)"]
        )
        logger.debug(
          "restricted-patient-batch-removal failed for offender \(number)",
          metadata: ["reason": "\(error)"]
        )
      }
    }
  }
}

extension PastDateSummary {
  fileprivate var metadata: Logger.Metadata {
    [
      "checked": "\(checked)", "past": "\(past)", "removed": "\(removed)", "failed": "\(failed)",
      "undecided": "\(undecided)", "unansweredChunks": "\(unansweredChunks)",
    ]
  }
}

extension PastDateSummary: CustomStringConvertible {
  /// For the command's output.
  public var description: String {
    "\(checked) patients checked: \(past) past their date, \(removed) removed, \(failed) failed, "
      + "\(undecided) undecided, \(unansweredChunks) questions unanswered"
  }
}
