internal import CLinux
internal import Dispatch

/// SIGTERM and SIGINT: the first asks for a graceful stop, a second one ends the process at once.
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
  public static func first() async -> String {
    await withCheckedContinuation { continuation in
      DispatchQueue(label: "signals").async {
        continuation.resume(returning: next() == SIGTERM ? "SIGTERM" : "SIGINT")
        _ = next()
        _exit(130)
      }
    }
  }

  private static func next() -> Int32 {
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
    return signals
  }
}
