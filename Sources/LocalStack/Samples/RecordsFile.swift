internal import Doubles
internal import EventLoops
internal import Logging
internal import Time

/// The file in the data folder that keeps what the doubles of prison API and prisoner search know, as the cluster beside it
/// keeps what the gateway knows.
struct RecordsFile: Sendable {
  /// The file holds something else, or cannot be read.
  struct Unreadable: Error, CustomStringConvertible {
    let path: String
    let reason: String

    var problem: String {
      "\(path), which holds what the doubles know of prisoners, cannot be read: \(reason)"
    }
    /// What there is to do, as the end of a sentence.
    var advice: String {
      "put it right, or remove it: the doubles then start with the samples, and with the restricted patients of the "
        + "database"
    }
    var description: String { "\(problem); \(advice)" }
  }

  let path: String

  init(in folder: String) { path = folder + "/prisons.json" }

  /// The records as the last process left them; nil if none has changed any.
  /// - Throws: `Unreadable`.
  func records(clock: any WallClock) throws(Unreadable) -> PrisonRecords? {
    guard Files.exists(path) else { return nil }
    guard let text = Files.text(path) else {
      throw Unreadable(path: path, reason: "\(SystemError.last("open"))")
    }
    do throws(PrisonRecords.UnreadableChanges) {
      return try PrisonRecords(changes: Array(text.utf8), clock: clock)
    } catch {
      throw Unreadable(path: path, reason: error.description)
    }
  }

  /// Keeps every later change of the records. Written beside the old file and moved into its place, so that a process that
  /// dies leaves one or the other.
  func keep(_ records: PrisonRecords, logger: Logger) {
    records.keeper = { [path] changes in
      do throws(Files.Failure) {
        try Files.write(String(decoding: changes, as: UTF8.self), to: path + ".new", mode: 0o644)
        try Files.move(path + ".new", to: path)
      } catch {
        logger.warning(
          "the doubles cannot keep what they know: after the next start they do not know of this change",
          metadata: ["error": "\(error)"]
        )
      }
    }
  }
}
