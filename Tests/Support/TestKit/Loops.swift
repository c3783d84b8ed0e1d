public import EventLoops

/// The event loops of all tests of a target.
public enum Loops {
  public static let shared = Result { try EventLoopGroup(count: 2) }

  /// Runs `body` on one of the loops, as a request would be.
  public static func run<Success: Sendable>(
    _ body: @escaping @Sendable () async throws -> Success
  ) async throws -> Success {
    let loop = try shared.get().any()
    return try await Task(executorPreference: loop) { try await body() }.value
  }
}
