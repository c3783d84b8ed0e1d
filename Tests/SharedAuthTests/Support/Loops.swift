import EventLoops

/// The event loops of the whole test run.
enum Loops {
  static let shared: EventLoopGroup = {
    do {
      return try EventLoopGroup(count: 2)
    } catch {
      fatalError("\(error)")
    }
  }()

  /// Runs `work` as a request does: as a task of one event loop.
  static func run<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value
  {
    try await Task(executorPreference: shared.any()) { try await work() }.value
  }
}
