public import Time

/// The clock of everything that runs on the loop. Its timers are set on the loop's thread alone.
extension EventLoop: MonotonicClock {
  @inlinable public func now() -> MonotonicInstant { .now() }
}

/// The clock of whatever runs on any of the loops, or on none: its timers may be set and cancelled on every thread.
extension EventLoopGroup: MonotonicClock {
  /// A timer of the loop that the caller ran on when it set the timer, or of any if it ran on none.
  public struct Timer: Cancellable, Sendable {
    fileprivate let timer: LoopBoundTimer

    public func cancel() { timer.cancel() }
  }

  @inlinable public func now() -> MonotonicInstant { .now() }

  public func schedule(at instant: MonotonicInstant, _ fire: @escaping @Sendable () -> Void) -> Timer {
    let timer = LoopBoundTimer(EventLoop.current ?? any())
    timer.set(at: instant, fire)
    return Timer(timer: timer)
  }
}

/// A timer that is set and cancelled from any thread.
///
/// `@unchecked Sendable`: `timer` and `isCancelled` are touched on the loop's thread alone.
private final class LoopBoundTimer: @unchecked Sendable {
  private let loop: EventLoop
  private var timer: ScheduledTimer?
  private var isCancelled = false

  init(_ loop: EventLoop) { self.loop = loop }

  func set(at instant: MonotonicInstant, _ fire: @escaping @Sendable () -> Void) {
    onLoop { if !$0.isCancelled { $0.timer = $0.loop.schedule(at: instant, fire) } }
  }

  func cancel() {
    onLoop { timer in
      timer.isCancelled = true
      timer.timer?.cancel()
      timer.timer = nil
    }
  }

  private func onLoop(_ work: @escaping @Sendable (LoopBoundTimer) -> Void) {
    if loop.isCurrent { work(self) } else { loop.execute { work(self) } }
  }
}
