internal import EventLoops
internal import Synchronization
internal import Time

/// Sends what transactions want said once they are committed.
///
/// A `NOTIFY` within a transaction makes its commit wait until no other such commit is under way, and each of them until
/// it is safe on disk: all writers of a server would go in single file. On its own it makes nobody wait, and one says
/// what many transactions have asked for meanwhile.
final class CommitNotices: Sendable {
  struct Notice: Hashable, Sendable {
    var channel: String
    var payload: String
  }

  private struct State {
    var waiting: Set<Notice> = []
    var isSending = false
  }

  private static let statement = PostgresStatement(name: "notify", sql: "select pg_notify($1, $2)")

  private let state = Mutex(State())

  /// Returns at once.
  func send(_ notices: Set<Notice>, by database: PostgresDatabase) {
    guard !notices.isEmpty else { return }
    let isFirst = state.withLock { state in
      state.waiting.formUnion(notices)
      defer { state.isSending = true }
      return !state.isSending
    }
    guard isFirst else { return }
    // Detached, as it is nobody's request in particular.
    Task.detached(executorPreference: EventLoop.current) { await self.sendWaiting(by: database) }
  }

  private func sendWaiting(by database: PostgresDatabase) async {
    while true {
      let notices = state.withLock { state in
        defer { state.waiting = [] }
        state.isSending = !state.waiting.isEmpty
        return state.waiting
      }
      guard !notices.isEmpty else { return }
      for notice in notices {
        // Whoever listens looks for itself now and then.
        _ = try? await database.query(
          Self.statement,
          [.text(notice.channel), .text(notice.payload)],
          deadline: .now() + .seconds(5)
        )
      }
    }
  }
}
