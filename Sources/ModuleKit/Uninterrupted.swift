internal import Concurrency

/// Runs `body` to its end even if the task that waits for it is cancelled, where that task prefers to run.
public func uninterrupted<Value: Sendable>(
  _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  try await Task(executorPreference: preferredExecutor()) { try await body() }.value
}
