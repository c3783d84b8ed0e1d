internal import Concurrency
internal import EventLoops
internal import Logging
internal import Postgres
internal import Time

/// Signals changes in a database to those who wait for them, by `LISTEN`. Every key is a payload of one channel.
///
/// To miss nothing, ask for the ``generation(of:)`` first, look at the table, and then wait after that generation. While
/// the server is away nothing is heard, so a wait always has an end; when it is back, everybody is woken.
actor ChangeSignal {
  nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  private struct Waiter {
    let key: String
    let continuation: UnsafeContinuation<Void, Never>
    let timer: ScheduledTimer
  }

  private let database: PostgresDatabase
  private let channel: String
  private var generations: [String: UInt64] = [:]
  /// Counts the times that anything may have been missed.
  private var era: UInt64 = 0
  private var waiters: [UInt64: Waiter] = [:]
  private var lastWaiter: UInt64 = 0
  private var listening: Task<Void, Never>?

  init(database: PostgresDatabase, channel: String, loop: EventLoop) {
    self.database = database
    self.channel = channel
    self.loop = loop
  }

  deinit { listening?.cancel() }

  /// Changes whenever `key` was notified, or may have been.
  func generation(of key: String) -> UInt64 {
    listen()
    return generations[key, default: 0] &+ era
  }

  /// Returns once `key` has another generation than `generation`, at `end`, or when the task is cancelled.
  func wait(for key: String, after generation: UInt64, until end: MonotonicInstant) async {
    guard end > loop.now() else { return }
    lastWaiter += 1
    let number = lastWaiter
    let loop = loop
    await withCancellableContinuation { continuation in
      let timer = loop.schedule(at: end) { [weak self] in self?.assumeIsolated { $0.finish(number) } }
      waiters[number] = Waiter(key: key, continuation: continuation, timer: timer)
      // Here, and not before the call: between the two the actor may hear something.
      if Task.isCancelled || self.generation(of: key) != generation { finish(number) }
    } onCancel: {
      loop.execute { self.assumeIsolated { $0.finish(number) } }
    }
  }

  /// Stops listening. Waits still end in time.
  func stop() {
    listening?.cancel()
    listening = nil
  }

  private func listen() {
    guard listening == nil, let notifications = try? database.listen(channel) else { return }
    listening = Task(executorPreference: loop) { [weak self] in
      for await notification in notifications { await self?.heard(notification) }
    }
  }

  private func heard(_ notification: PostgresNotification) {
    switch notification {
    case .listening:
      era &+= 1
      for number in Array(waiters.keys) { finish(number) }
    case .notified(let key):
      generations[key, default: 0] &+= 1
      for (number, waiter) in waiters where waiter.key == key { finish(number) }
    }
  }

  private func finish(_ number: UInt64) {
    guard let waiter = waiters.removeValue(forKey: number) else { return }
    waiter.timer.cancel()
    waiter.continuation.resume()
  }
}
