internal import Concurrency
internal import Synchronization
internal import Time

/// Sends notifications for transactions, once they are committed.
///
/// A `NOTIFY` within a transaction makes its commit wait until no other such commit is in progress, and each of them until
/// it is safe on disk: all writers of a server would be serialised. On its own it makes nobody wait, and one `NOTIFY`
/// serves all transactions that asked for it in the meantime. The first is sent at once; the next one waits for a pause, so
/// that under load a `NOTIFY`, which is a transaction too, does not come with each change.
final class PostCommitNotifier: Sendable {
  struct Notification: Hashable, Sendable {
    var channel: String
    var payload: String
  }

  private struct State {
    /// In the order in which they were first asked for.
    var waiting: [Notification] = []
    var isSending = false
  }

  /// From a notification to the next.
  static let pause = Duration.milliseconds(10)

  private let state = Mutex(State())

  /// Returns at once.
  /// - Parameters:
  ///   - notifications: not empty.
  ///   - clock: measures the pause.
  ///   - send: sends one. That it fails does no harm: whoever listens looks for itself now and then.
  func send(
    _ notifications: Set<Notification>,
    clock: some MonotonicClock,
    by send: @escaping @Sendable (Notification) async -> Void
  ) {
    let isFirst = state.withLock { state in
      for each in notifications where !state.waiting.contains(each) { state.waiting.append(each) }
      defer { state.isSending = true }
      return !state.isSending
    }
    guard isFirst else { return }
    // Detached, as it is nobody's request in particular.
    Task.detached(executorPreference: preferredExecutor()) { await self.sendWaiting(clock: clock, by: send) }
  }

  private func sendWaiting(
    clock: some MonotonicClock,
    by send: @Sendable (Notification) async -> Void
  ) async {
    while true {
      let notifications = state.withLock { state in
        defer { state.waiting = [] }
        state.isSending = !state.waiting.isEmpty
        return state.waiting
      }
      guard !notifications.isEmpty else { return }
      for notification in notifications { await send(notification) }
      await clock.pause(for: Self.pause)
    }
  }
}
