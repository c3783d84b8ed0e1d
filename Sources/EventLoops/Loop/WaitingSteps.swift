internal import CLinux
internal import DequeModule

/// Steps of a loop's tasks that wait for the end of one of its turns, in their order. The loop's thread only.
final class WaitingSteps {
  /// Of one turn, in nanoseconds; the step that exceeds it is the turn's last.
  static let timeOfTurn: UInt64 = 200_000

  private var waiting = Deque<UnsafeContinuation<Void, Never>>()

  var isEmpty: Bool { waiting.isEmpty }

  func append(_ step: UnsafeContinuation<Void, Never>) { waiting.append(step) }

  /// Lets as many go on as a turn has time for, one at least.
  /// - Parameter run: runs what is ready then.
  func goOn(_ run: () -> Void) {
    guard !waiting.isEmpty else { return }
    let end = gateway_monotonic_nanoseconds() + Self.timeOfTurn
    repeat {
      waiting.popFirst()?.resume()
      run()
    } while !waiting.isEmpty && gateway_monotonic_nanoseconds() < end
  }
}
