import EventLoops
import Testing
import Time

/// The loops of this test process; they end with it.
enum Loops {
  static let shared: EventLoopGroup = {
    do { return try EventLoopGroup(count: 2) } catch { fatalError("no event loops: \(error)") }
  }()

  /// Runs `body` as a request runs: on one loop, with all its child tasks.
  static func run<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value
  {
    try await Task(executorPreference: shared.loops[0]) { try await body() }.value
  }
}

struct TestFailure: Error, CustomStringConvertible {
  var description: String
}

/// Long enough for a machine under load, short enough for a person who waits.
let patience = Duration.seconds(60)

extension MonotonicInstant {
  /// A deadline for one step of a test.
  static var soon: MonotonicInstant { .now() + patience }
}
