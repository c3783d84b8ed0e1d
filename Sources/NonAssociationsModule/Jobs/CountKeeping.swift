import Concurrency
import Logging
import ModuleKit
import Postgres
import ServiceKit
import Time

/// Keeps the counts of all pages (docs/decisions/0022-counts-by-triggers.md): adds up what writers left, counts again after a
/// restore, and once a day compares the counts with the rows. Every replica looks; an advisory lock has one of them do it.
struct CountKeeping: Sendable {
  static let name = "non-association-counts"
  /// Between two looks, which are one read each. What is not added up yet is read with each page.
  static let interval = Duration.seconds(5)
  /// For reading all rows.
  private static let patience = Duration.seconds(600)

  let store: NonAssociationsStore
  let logger: Logger

  var job: ModuleJob {
    ModuleJob(Self.name, run: { try await countAnew() ? "counted" : nil }, schedule: { await keep() })
  }

  /// Looks again and again, until the task is cancelled.
  func keep() async {
    await Rounds(every: Self.interval, first: .zero, clock: store.database.clock).run {
      do {
        try await look()
        return true
      } catch {
        // Pages count rows meanwhile, or add up a few more changes.
        logger.debug("the counts could not be looked after", metadata: ["reason": "\(error)"])
        return false
      }
    }
  }

  /// Does what is to be done.
  func look() async throws {
    let state = try await store.countState(deadline: deadline)
    guard state.areCounting else {
      // What is written now is in no count; the triggers come back with the rest of the schema.
      if state.areCounted { try await store.distrustCounts(deadline: deadline) }
      return
    }
    guard state.areCounted else {
      _ = try await countAnew()
      return
    }
    if state.isCheckDue { try await check() }
    if state.hasChanges { try await store.addUpCountChanges(deadline: deadline) }
  }

  private func check() async throws {
    guard try await store.takeCountCheck(deadline: deadline) else { return }
    guard try await !store.areCountsRight(deadline: deadline) else { return }
    logger.error(
      "the counts of non-associations were wrong, as after changes without triggers: counting again"
    )
    try await store.distrustCounts(deadline: deadline)
    _ = try await countAnew()
  }

  private func countAnew() async throws -> Bool {
    let start = store.database.clock.now()
    guard try await store.countAnew(deadline: deadline) else { return false }
    let time = store.database.clock.now().duration(since: start)
    logger.info("non-associations counted for their pages", metadata: ["seconds": "\(time / .seconds(1))"])
    return true
  }

  private var deadline: MonotonicInstant { store.database.clock.now() + Self.patience }
}

extension NonAssociationsModule {
  var countKeeping: CountKeeping { CountKeeping(store: store, logger: logger) }
}
