internal import CLinux
internal import Dispatch
internal import Time

/// Ends the process if a stop does not: when a loop is stuck in a call, say, or nobody reads the log.
enum StopWatchdog {
  /// What a stop may take beyond its own time: for the end of the loops, and the log's last lines.
  static let grace = Duration.seconds(3)

  /// - Parameter limit: the stop's own time. The process exits with 1 when that and the grace are over.
  static func watch(_ limit: Duration) {
    let nanoseconds = Int(clamping: (limit + grace).wholeNanoseconds)
    DispatchQueue(label: "stop").asyncAfter(deadline: DispatchTime.now() + .nanoseconds(nanoseconds)) {
      _exit(1)
    }
  }
}
