internal import Logging
internal import Time

/// One part of a stop, which cannot hold up the others.
struct StopStage: Sendable {
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
      try? await Task.sleep(for: deadline.duration(since: clock.now()))
      sink.yield(false)
    }
    for await isDone in news {
      if !isDone { logger.warning("a part of the stop took too long", metadata: ["part": "\(name)"]) }
      break
    }
    timer.cancel()
  }
}
