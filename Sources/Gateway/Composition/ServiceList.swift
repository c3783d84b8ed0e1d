internal import Logging
internal import ServiceLifecycle
internal import Synchronization

/// The long-lived parts of the process, in the order in which they are started; they stop in reverse. One way down,
/// whether a year after the start or when the ninth of them cannot be made ready (docs/decisions/0010-service-group.md).
final class ServiceList: Sendable {
  private let services: [LongLivedService]
  private let stopping: Stopping
  private let logger: Logger

  private struct Running {
    let group: ServiceGroup
    /// Ends with the last service.
    let run: Task<Void, Never>
  }

  private let running = Mutex<Running?>(nil)

  init(_ services: [LongLivedService], _ stopping: Stopping, logger: Logger) {
    self.services = services
    self.stopping = stopping
    self.logger = logger
  }

  /// Adds one service after the other, each once the one before is ready.
  /// - Parameter plan: for the stop of what was started, if a service cannot be made ready, or the task is cancelled.
  /// - Throws: what kept a service from being ready; by then everything that was started is stopped.
  func start(stoppingBy plan: () -> StopPlan) async throws {
    do {
      for service in services {
        try Task.checkCancellation()
        // A task of its own: a group that is told of a service by a cancelled task does not hear of it.
        await Task { await add(service) }.value
        try await service.ready()
      }
    } catch {
      let plan = plan()
      await Task { await stop(by: plan) }.value
      throw error
    }
  }

  private func add(_ service: LongLivedService) async {
    if let running = running.withLock({ $0 }) {
      await running.group.addServiceUnlessShutdown(service)
    } else {
      // A group without a service would end at once.
      let group = ServiceGroup(services: [service], logger: logger)
      let run = Task { [logger] in
        do {
          try await group.run()
        } catch {
          logger.error("the services ended with an error", metadata: ["reason": "\(error)"])
        }
      }
      running.withLock { $0 = Running(group: group, run: run) }
    }
    await service.isRun()
  }

  /// Stops all of them, the last one first, and waits for that. Call it as often as you like.
  func stop(by plan: StopPlan) async {
    stopping.begin(plan)
    guard let running = running.withLock({ $0 }) else { return }
    await running.group.triggerGracefulShutdown()
    await running.run.value
  }
}
