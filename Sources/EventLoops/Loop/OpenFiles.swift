internal import CLinux

/// The limits of open files and sockets (`getrlimit(2)`, RLIMIT_NOFILE).
public struct OpenFiles: Equatable, Sendable {
  /// The limit in force.
  public var soft: Int
  /// What the soft limit may be raised to.
  public var hard: Int

  /// Those of this process.
  public static var limits: OpenFiles {
    var soft: UInt64 = 0
    var hard: UInt64 = 0
    gateway_file_limit(&soft, &hard)
    return OpenFiles(soft: Int(clamping: soft), hard: Int(clamping: hard))
  }

  /// Those that the process was started with, which its children are to have.
  public static let atStart = limits

  /// Raises this process's limit as far as it may. The usual 1,024 is for programs that use `select(2)`; this one waits
  /// on epoll.
  public static func raise() {
    let before = atStart
    if before.soft < before.hard {
      _ = gateway_set_file_limit(0, UInt64(before.hard), UInt64(before.hard))
    }
  }

  /// Gives a process these limits.
  /// - Returns: whether the system let us.
  @discardableResult
  public func set(for process: Int32) -> Bool {
    gateway_set_file_limit(process, UInt64(soft), UInt64(hard)) == 0
  }
}
