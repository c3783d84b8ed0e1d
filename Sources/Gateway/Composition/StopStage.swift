internal import Concurrency
internal import Logging
internal import Time

/// One part of a stop, which cannot hold up the others.
struct StopStage: Sendable {
  /// What a part has though an earlier one has used up the time: enough for what waits for nothing.
  private static let least = Duration.milliseconds(50)

  let name: String
  let clock: any MonotonicClock
  let logger: Logger

  /// Runs `work` until it is done or the time is over; it is then left behind with a warning, as the process ends soon.
  func run(by deadline: MonotonicInstant, _ work: @escaping @Sendable () async -> Void) async {
    let (news, sink) = AsyncStream.makeStream(of: Bool.self)
    Task {
      await work()
      sink.yield(true)
    }
    let timer = Task {
      await clock.pause(for: max(deadline.duration(since: clock.now()), Self.least))
      sink.yield(false)
    }
    for await isDone in news {
      if !isDone { logger.warning("a part of the stop took too long", metadata: ["part": "\(name)"]) }
      break
    }
    timer.cancel()
  }
}
