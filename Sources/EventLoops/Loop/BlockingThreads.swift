internal import CLinux
internal import DequeModule
internal import Dispatch
internal import Synchronization

/// A few threads for calls that block, or that take too long for a loop; what comes while all are at work waits its
/// turn, in order. A thread ends when nothing is left to do.
///
/// They are none of Dispatch's, whose pool is no larger than the machine has cores: a few calls that hang there keep
/// everything else waiting that needs it, such as the log, until Dispatch notices after a second or more.
public final class BlockingThreads: Sendable {
  private struct State {
    var waiting = Deque<@Sendable () -> Void>()
    var running = 0
  }

  private let name: String
  private let maximum: Int
  private let state = Mutex(State())

  /// - Parameters:
  ///   - name: of each thread, at most 15 bytes.
  ///   - maximum: how many there are at most.
  public init(_ name: String, maximum: Int) {
    self.name = name
    self.maximum = maximum
  }

  /// How many threads there are now, and how much waits for one.
  public var load: (threads: Int, waiting: Int) { state.withLock { ($0.running, $0.waiting.count) } }

  /// Has `work` done on one of the threads, and returns at once.
  public func run(_ work: @escaping @Sendable () -> Void) {
    let needsThread = state.withLock { state in
      state.waiting.append(work)
      guard state.running < maximum else { return false }
      state.running += 1
      return true
    }
    if needsThread { start() }
  }

  private func start() {
    let retained = Unmanaged.passRetained(self)
    var thread = pthread_t()
    let result = pthread_create(
      &thread,
      nil,
      { pointer in
        guard let pointer else { return nil }
        let threads = Unmanaged<BlockingThreads>.fromOpaque(pointer).takeRetainedValue()
        gateway_prepare_loop_thread(threads.name)
        threads.work()
        return nil
      },
      retained.toOpaque()
    )
    if result == 0 {
      pthread_detach(thread)
    } else {
      retained.release()
      DispatchQueue.global().async { self.work() }
    }
  }

  private func work() {
    while let next = next() { next() }
  }

  private func next() -> (@Sendable () -> Void)? {
    state.withLock { state in
      if let work = state.waiting.popFirst() { return work }
      state.running -= 1
      return nil
    }
  }
}
