import EventLoops
import Synchronization
import Testing
import Time

/// The loops of all the tests here.
enum Loops {
  // swift-format-ignore: NeverUseForceTry
  static let group = try! EventLoopGroup(count: 2)
  static var first: EventLoop { group.loops[0] }
  static var second: EventLoop { group.loops[1] }
}

extension MonotonicInstant {
  /// Long after whatever a test waits for should have come.
  static var late: MonotonicInstant { .now() + .seconds(60) }
}

/// Runs `body` in a task of a loop.
func onLoop<Value: Sendable>(
  _ loop: EventLoop = Loops.first,
  _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  try await Task(executorPreference: loop) { try await body() }.value
}

/// The error that `body` ends with, nil if it ends without.
func failure(_ body: () async throws(StreamError) -> Void) async -> StreamError? {
  do throws(StreamError) {
    try await body()
    return nil
  } catch {
    return error
  }
}

struct TooLate: Error {}

/// Values that come from elsewhere, each waited for with a deadline.
final class Mailbox<Value: Sendable>: Sendable {
  private let (values, continuation) = AsyncStream<Value>.makeStream()

  func put(_ value: Value) { continuation.yield(value) }

  /// The next value.
  func take() async throws -> Value {
    let values = values
    return try await withThrowingTaskGroup(of: Value.self) { group in
      group.addTask {
        for await value in values { return value }
        throw TooLate()
      }
      group.addTask {
        try await Task.sleep(for: .seconds(60))
        throw TooLate()
      }
      defer { group.cancelAll() }
      guard let value = try await group.next() else { throw TooLate() }
      return value
    }
  }
}

extension Mailbox<Void> {
  func put() { put(()) }
}

/// Carries a value that is not Sendable to another thread.
///
/// `@unchecked Sendable`: a test that uses it hands the value over, and does not share it.
final class Parcel<Value>: @unchecked Sendable {
  private var content: Value?

  init(_ value: Value) { content = value }

  /// The content, which then is the taker's alone.
  func open() -> Value? {
    defer { content = nil }
    return content
  }
}

/// Numbers that are the same in each run (SplitMix64).
struct FixedGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
