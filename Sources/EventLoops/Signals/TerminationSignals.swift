internal import CLinux

/// SIGTERM, SIGINT and SIGHUP, taken by a thread of their own with `sigwait`, where anything may be called, unlike in a
/// signal handler.
public enum TerminationSignals {
  /// Takes the signals from now on, and ignores SIGPIPE: writing to a connection whose peer has gone is an error code
  /// for us, not the end of the process.
  ///
  /// They are blocked in the calling thread, and so in every thread it starts later: call it first thing in the
  /// process. Where no thread can be had they stay as they were, and end the process.
  /// - Parameter handler: called for each signal, one after the other, on the thread of the signals, which may block.
  public static func take(_ handler: @escaping @Sendable (_ signal: Int32) -> Void) {
    gateway_ignore_sigpipe()
    var signals = all
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    let argument = Unmanaged.passRetained(Handler(handler))
    var thread = pthread_t()
    let result = pthread_create(
      &thread,
      nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Handler>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      },
      argument.toOpaque()
    )
    if result == 0 {
      pthread_detach(thread)
    } else {
      argument.release()
      pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }
  }

  /// Ends the process as the signal would have done, so that whoever waits for it, such as a shell in a loop, sees
  /// that. The first process of a container, which the kernel keeps from that, ends with 128 and the number.
  public static func endProcess(by signal: Int32) -> Never {
    gateway_restore_default(signal)
    var signals = all
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    kill(getpid(), signal)
    _exit(128 + signal)
  }

  /// `SIGTERM` and the like.
  public static func name(_ signal: Int32) -> String {
    [SIGTERM: "SIGTERM", SIGINT: "SIGINT", SIGHUP: "SIGHUP"][signal] ?? "signal \(signal)"
  }

  private static func wait() -> Int32 {
    var signals = all
    var number: Int32 = 0
    while sigwait(&signals, &number) != 0 {}
    return number
  }

  private static var all: sigset_t {
    var signals = sigset_t()
    sigemptyset(&signals)
    for signal in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&signals, signal) }
    return signals
  }

  /// A closure as an object, which a C thread can be given.
  private final class Handler: Sendable {
    private let body: @Sendable (Int32) -> Void

    init(_ body: @escaping @Sendable (Int32) -> Void) { self.body = body }

    /// For ever.
    func run() {
      gateway_name_thread("signals")
      while true { body(wait()) }
    }
  }
}
