internal import Concurrency
internal import Glibc
internal import Time

/// Processes of a PostgreSQL that an earlier gateway left behind when it was killed.
///
/// The kernel tells PostgreSQL to stop when the gateway dies, so there are seldom any: when the gateway died while its
/// server was still starting, or while that stop is going on, or when somebody killed the postmaster alone, whose
/// sessions then take a moment to notice.
struct LeftOverServer: Sendable {
  /// The cluster's folder, symbolic links followed.
  let data: String

  /// The server's main process as the cluster's own file names it. It may be gone, or be another process by now.
  var recordedProcess: pid_t? {
    Files.text(data + "/postmaster.pid")?.split(separator: "\n").first.flatMap { pid_t($0) }
  }

  /// Every process that works in the cluster: PostgreSQL's all have its folder as their working directory. Where that
  /// may not be read (another user's process, in a container), the postmaster is known by its arguments.
  func processes() -> [pid_t] {
    Files.names(in: "/proc").compactMap { pid_t($0) }.filter { process in
      if let folder = Files.resolve("/proc/\(process)/cwd") { return folder == data }
      let arguments = Files.text("/proc/\(process)/cmdline")?.split(separator: "\0") ?? []
      return arguments.first?.hasSuffix("postgres") == true && arguments.contains { $0 == data }
    }
  }

  /// Ends them: a fast shutdown first, then an immediate one, then SIGKILL. Afterwards a `postmaster.pid` that names a
  /// process of somebody else (the number was given again) is removed, for PostgreSQL would take it for its own.
  /// - Parameter clock: what the time they have is measured by.
  /// - Throws: `PrivatePostgresError.leftOverServer`.
  func stop(by clock: any MonotonicClock) async throws(PrivatePostgresError) {
    for (signal, limit) in [(SIGINT, Duration.seconds(20)), (SIGQUIT, .seconds(5)), (SIGKILL, .seconds(5))] {
      let remaining = processes()
      if remaining.isEmpty { break }
      let postmaster = recordedProcess.flatMap { remaining.contains($0) ? $0 : nil }
      for process in postmaster.map({ [$0] }) ?? remaining { kill(process, signal) }
      if signal == SIGKILL { for process in remaining { kill(process, signal) } }
      await waitForEnd(until: clock.now() + limit, clock)
    }
    if let remaining = processes().first { throw .leftOverServer(processID: Int(remaining)) }
    if let recordedProcess, kill(recordedProcess, 0) == 0 || errno == EPERM {
      unlink(data + "/postmaster.pid")
    }
  }

  private func waitForEnd(until deadline: MonotonicInstant, _ clock: any MonotonicClock) async {
    while !processes().isEmpty, clock.now() < deadline {
      await clock.pause(for: .milliseconds(20))
    }
  }
}
