internal import CLinux
internal import Dispatch
internal import EventLoops
internal import Postgres
internal import Synchronization
internal import Time

/// The process from `main` to its end: its work, the signals, and how it ends within a second of the one that asks for
/// that, whatever the work waits for.
final class ProcessLife: Sendable {
  static let current = ProcessLife()

  /// How the work ended: with a status, and something to say.
  struct Outcome: Sendable {
    var status: Int32
    var output = ""
    var error = ""
  }

  /// How long cancelled work may take to put things in order.
  private static let cancellationLimit = Duration.milliseconds(500)
  /// How long database servers may take to hear that nobody waits any more.
  private static let statementLimit = Duration.milliseconds(300)
  /// How long the reader of what is printed may take at the end: of the whole work, and of work that is cut short.
  private static let outputLimits = (whole: Duration.seconds(2), cut: Duration.milliseconds(100))

  private struct State {
    var plan = TerminationPlan()
    var work: Task<Void, Never>?
    var onHangUp: (@Sendable () -> Void)?
    /// The signal that asked a server to stop, and who waits for it.
    var stop: Int32?
    var stopped: CheckedContinuation<Int32, Never>?
    var outcome: Outcome?
    var isEnding = false
  }

  private let state = Mutex(State())

  /// Runs the work of the process and ends it. Call it first thing in `main`.
  func run(_ work: @escaping @Sendable () async -> Outcome) -> Never {
    let isDone = DispatchSemaphore(value: 0)
    TerminationSignals.take { self.received($0, isDone) }
    // Detached: a plain task would belong to the main actor, whose thread waits below.
    let task = Task.detached {
      let outcome = await work()
      self.state.withLock { $0.outcome = outcome }
      isDone.signal()
    }
    let isCancelled = state.withLock { state in
      state.work = task
      if case .ending = state.plan.stage { return true }
      return false
    }
    if isCancelled { task.cancel() }
    isDone.wait()
    // For the thread of the signals, should it wait too.
    isDone.signal()
    let (outcome, signal) = state.withLock { ($0.outcome ?? Outcome(status: 1), $0.plan.finished()) }
    if let signal, outcome.status != 0 { endAtOnce(by: signal) }
    end(outcome)
  }

  // MARK: What the work says of itself

  /// Says that SIGHUP will make this process read files again, once it serves.
  func willReload() { state.withLock { $0.plan.willReload() } }

  /// The signal that the process is being ended by, if one asked for that.
  var endingSignal: Int32? {
    state.withLock { if case .ending(let signal) = $0.plan.stage { signal } else { nil } }
  }

  /// The server serves from now on: the next signal asks it to stop, and the one after that ends the process at once.
  /// - Parameter onHangUp: what SIGHUP does, each time it comes, on the thread of the signals; nil makes it a signal
  ///   like the others.
  /// - Throws: `CancellationError` if the process is being ended already.
  func serves(onHangUp: (@Sendable () -> Void)?) throws {
    let mustReload = state.withLock { state in
      state.onHangUp = onHangUp
      return state.plan.serves(reloads: onHangUp != nil)
    }
    if mustReload { onHangUp?() }
    try Task.checkCancellation()
  }

  /// Waits for the signal that asks the server to stop.
  /// - Returns: the signal.
  func untilStopped() async -> Int32 {
    await withCheckedContinuation { continuation in
      let signal = state.withLock { state in
        if state.stop == nil { state.stopped = continuation }
        return state.stop
      }
      if let signal { continuation.resume(returning: signal) }
    }
  }

  // MARK: Signals

  private func received(_ signal: Int32, _ isDone: DispatchSemaphore) {
    switch state.withLock({ $0.plan.received(signal) }) {
    case .nothing: break
    case .reload: state.withLock(\.onHangUp)?()
    case .drain:
      let waiting = state.withLock { state in
        state.stop = signal
        return state.stopped.take()
      }
      waiting?.resume(returning: signal)
    case .cancel:
      state.withLock(\.work)?.cancel()
      guard isDone.wait(timeout: DispatchTime.now() + Self.cancellationLimit.dispatchInterval) == .timedOut
      else {
        // The first thread ends the process; it may have been waiting for this very signal of the semaphore.
        isDone.signal()
        return
      }
      endAtOnce(by: signal)
    case .end: endAtOnce(by: signal)
    }
  }

  // MARK: The end

  private func end(_ outcome: Outcome) -> Never {
    claimEnd()
    Self.limited(to: Self.outputLimits.whole) {
      if !outcome.output.isEmpty { print(outcome.output) }
      // Standard output is buffered when it is not a terminal.
      fflush(nil)
      if !outcome.error.isEmpty { Self.complain(outcome.error) }
    }
    // Not `exit`, which would wait for the reader of standard output again, and for whoever is printing.
    _exit(outcome.status)
  }

  /// Ends the process with work undone. A server that runs a statement does not notice that its client has gone while
  /// it waits for a lock: so it is told.
  private func endAtOnce(by signal: Int32) -> Never {
    claimEnd()
    PostgresSessions.cancelAll(within: Self.statementLimit)
    Self.limited(to: Self.outputLimits.cut) { fflush(nil) }
    TerminationSignals.endProcess(by: signal)
  }

  /// The first to come ends the process; any other thread waits for that here.
  private func claimEnd() {
    let isFirst = state.withLock { state in
      defer { state.isEnding = true }
      return !state.isEnding
    }
    guard !isFirst else { return }
    while true { pause() }
  }

  /// Writes to standard error, which is not buffered.
  private static func complain(_ text: String) {
    var rest = Array((text + "\n").utf8)[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { CLinux.write(2, $0.baseAddress, $0.count) }
      if written > 0 { rest = rest.dropFirst(written) } else if gateway_errno() != EINTR { return }
    }
  }

  /// Waits for something that may block, but not for ever.
  private static func limited(to limit: Duration, _ body: @escaping @Sendable () -> Void) {
    let isDone = DispatchSemaphore(value: 0)
    DispatchQueue(label: "end").async {
      body()
      isDone.signal()
    }
    _ = isDone.wait(timeout: DispatchTime.now() + limit.dispatchInterval)
  }
}

extension Duration {
  var dispatchInterval: DispatchTimeInterval { .nanoseconds(Int(clamping: wholeNanoseconds)) }
}
