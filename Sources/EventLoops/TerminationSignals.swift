internal import CLinux
internal import Dispatch

/// SIGTERM and SIGINT: the first asks for a graceful stop, a second one ends the process at once. SIGHUP asks a server
/// that can to read its files again, and is a first signal like the others for one that cannot.
///
/// The signals are blocked in the thread that calls `block()`, and so in every thread it starts later; one thread of
/// their own takes them with `sigwait`, where anything may be called, unlike in a signal handler.
public enum TerminationSignals {
  /// Blocks the signals, and ignores SIGPIPE: writing to a connection whose peer has gone is an error code for us, not
  /// the end of the process. Call it first thing in the process, before any thread is started.
  public static func block() {
    var signals = set()
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    gateway_ignore_sigpipe()
  }

  /// Returns when the first signal has come, with its name. From then on the next one ends the process with 130.
  /// - Parameter onHangUp: what SIGHUP does, each time it comes, on the thread of the signals, which may block. nil
  ///   makes it ask for a graceful stop: the terminal has gone.
  public static func first(onHangUp: (@Sendable () -> Void)? = nil) async -> String {
    await withCheckedContinuation { continuation in
      DispatchQueue(label: "signals").async {
        let number = next(onHangUp)
        let names: [Int32: String] = [SIGTERM: "SIGTERM", SIGINT: "SIGINT", SIGHUP: "SIGHUP"]
        continuation.resume(returning: names[number] ?? "signal \(number)")
        _ = next(onHangUp)
        _exit(130)
      }
    }
  }

  /// The next signal that asks for an end.
  private static func next(_ onHangUp: (@Sendable () -> Void)?) -> Int32 {
    while true {
      let number = wait()
      guard number == SIGHUP, let onHangUp else { return number }
      onHangUp()
    }
  }

  private static func wait() -> Int32 {
    var signals = set()
    var number: Int32 = 0
    while sigwait(&signals, &number) != 0 {}
    return number
  }

  private static func set() -> sigset_t {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGTERM)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGHUP)
    return signals
  }
}
