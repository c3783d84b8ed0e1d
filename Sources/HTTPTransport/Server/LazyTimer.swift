internal import EventLoops
internal import Time

/// A timer whose deadline is set again for each request and hardly ever comes: setting it later, or clearing
/// it, costs a store, and the loop's timer is moved only when it goes off too early. Belongs to its loop.
final class LazyTimer {
  private let loop: EventLoop
  private var deadline: MonotonicInstant?
  private var armedDeadline: MonotonicInstant?
  private var timer: ScheduledTimer?
  private var onDue: () -> Void = {}

  init(loop: EventLoop) { self.loop = loop }

  deinit { timer?.cancel() }

  /// What to do once the deadline has come; it is cleared before.
  func onDue(_ action: @escaping () -> Void) { onDue = action }

  func set(_ deadline: MonotonicInstant) {
    self.deadline = deadline
    if let armedDeadline, armedDeadline <= deadline { return }
    arm(deadline)
  }

  func clear() { deadline = nil }

  /// Clears the deadline and gives back the loop's timer and the action.
  func cancel() {
    deadline = nil
    armedDeadline = nil
    timer?.cancel()
    timer = nil
    onDue = {}
  }

  private func arm(_ deadline: MonotonicInstant) {
    timer?.cancel()
    armedDeadline = deadline
    timer = loop.schedule(at: deadline) { [weak self] in self?.fired() }
  }

  private func fired() {
    timer = nil
    armedDeadline = nil
    guard let deadline else { return }
    guard deadline <= loop.now() else {
      arm(deadline)
      return
    }
    self.deadline = nil
    onDue()
  }
}
