internal import Logging
internal import ServiceLifecycle
internal import Synchronization
internal import Time

/// A part of the process that lives until it stops. The group runs it; `ready` says when the next one may be added.
final class LongLivedService: Service {
  /// When it begins to stop.
  enum Order: Sendable {
    /// Once every service that was added after it has stopped.
    case reverse
    /// With the stop itself, while requests are still drained; the group waits for its end in its turn.
    case atOnce
  }

  let name: String
  private let order: Order
  private let deadline: @Sendable (StopPlan) -> MonotonicInstant
  private let start: @Sendable () async throws -> Void
  private let end: @Sendable (StopPlan) async -> Void
  private let stopping: Stopping
  private let clock: any MonotonicClock
  private let logger: Logger
  private let runs: AsyncStream<Void>
  private let hasBegun: AsyncStream<Void>.Continuation

  /// - Parameters:
  ///   - deadline: when its stop is left behind, whatever it waits for.
  ///   - ready: begins what it does, and returns once others may rely on it.
  ///   - stop: ends what it does.
  init(
    _ name: String,
    _ stopping: Stopping,
    stops order: Order = .reverse,
    by deadline: @escaping @Sendable (StopPlan) -> MonotonicInstant = { $0.end },
    clock: any MonotonicClock,
    logger: Logger,
    ready: @escaping @Sendable () async throws -> Void = {},
    stop: @escaping @Sendable (StopPlan) async -> Void
  ) {
    self.name = name
    self.stopping = stopping
    self.order = order
    self.deadline = deadline
    self.clock = clock
    self.logger = logger
    start = ready
    end = stop
    (runs, hasBegun) = AsyncStream.makeStream(of: Void.self)
  }

  /// Waits until the group has begun to run it, so that its stop is the group's to ask for.
  func isRun() async {
    for await _ in runs { break }
  }

  func ready() async throws { try await start() }

  func run() async throws {
    hasBegun.yield()
    hasBegun.finish()
    if order == .reverse { try? await gracefulShutdown() }
    let plan = await stopping.begun()
    await StopStage(name: name, clock: clock, logger: logger).run(by: deadline(plan)) { [end] in
      await end(plan)
    }
    if order == .atOnce { try? await gracefulShutdown() }
  }
}
