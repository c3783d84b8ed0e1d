internal import CLinux
internal import Dispatch
internal import EventLoops
internal import Glibc
internal import Synchronization
internal import Time

/// A program that was started as a child of this process.
///
/// One thread for each child starts it, waits for it and reaps it. The thread lives as long as the child, which the
/// kernel demands of `setpriv --pdeathsig`: the signal comes when the *thread* that started the child ends.
final class ChildProcess: Sendable {
  /// How a child came to its end.
  enum Ending: Hashable, Sendable, CustomStringConvertible {
    case exited(Int32)
    case signalled(Int32)

    var description: String {
      switch self {
      case .exited(let status): "exited with status \(status)"
      case .signalled(let signal): "was ended by signal \(signal)"
      }
    }
  }

  /// What to start.
  struct Command: Sendable {
    /// Path of the program.
    var program: String
    var arguments: [String]
    /// The whole environment, each as `NAME=value`.
    var environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"]
    /// File to read from.
    var input = "/dev/null"
  }

  let processID: pid_t

  private struct State {
    var ending: Ending?
    var waiting: [Int: CheckedContinuation<Ending?, Never>] = [:]
    var lastTicket = 0
  }

  private let state = Mutex(State())

  private init(processID: pid_t) { self.processID = processID }

  // MARK: Starting

  /// Starts a child whose standard output and error go to `output`, in a process group of its own (so that Control-C
  /// in a terminal reaches this process only), with no other open file, all signals unblocked and as by default.
  /// - Parameter output: an open file; it stays the caller's.
  /// - Throws: `SystemError`, for example ENOENT when there is no such program.
  static func start(_ command: Command, output: Int32) async throws(SystemError) -> ChildProcess {
    let result: Result<ChildProcess, SystemError> = await withCheckedContinuation { continuation in
      DispatchQueue(label: "child \(command.program)").async {
        switch spawn(command, output: output) {
        case .failure(let error): continuation.resume(returning: .failure(error))
        case .success(let processID):
          let child = ChildProcess(processID: processID)
          continuation.resume(returning: .success(child))
          child.waitAndReap()
        }
      }
    }
    return try result.get()
  }

  /// Runs a program to its end.
  /// - Returns: how it ended and what it wrote to standard output and error together, up to 64 KiB.
  static func run(_ command: Command) async throws(SystemError) -> (ending: Ending, output: String) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw .last("pipe") }
    let (reading, writing) = (ends[0], ends[1])
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let child: ChildProcess
    do {
      child = try await start(command, output: writing)
    } catch {
      close(reading)
      close(writing)
      throw error
    }
    close(writing)
    let output: [UInt8] = await withCheckedContinuation { continuation in
      DispatchQueue(label: "output of \(command.program)").async {
        continuation.resume(returning: Files.readAll(reading, limit: 65536))
      }
    }
    close(reading)
    guard let ending = await child.ending() else { throw SystemError(call: "wait", errno: ECHILD) }
    return (ending, String(decoding: output, as: UTF8.self))
  }

  // MARK: Afterwards

  /// Waits for the child's end.
  /// - Parameter limit: how long at most; nil means for ever.
  /// - Returns: nil when the child still runs after `limit`.
  func ending(within limit: Duration? = nil) async -> Ending? {
    await withCheckedContinuation { continuation in
      let ticket: Int? = state.withLock { state in
        if let ending = state.ending {
          continuation.resume(returning: ending)
          return nil
        }
        state.lastTicket += 1
        state.waiting[state.lastTicket] = continuation
        return state.lastTicket
      }
      guard let ticket, let limit else { return }
      let nanoseconds = Int(clamping: limit.wholeNanoseconds)
      DispatchQueue.global().asyncAfter(deadline: DispatchTime.now() + .nanoseconds(nanoseconds)) {
        self.state.withLock { $0.waiting.removeValue(forKey: ticket) }?.resume(returning: nil)
      }
    }
  }

  /// Sends a signal, unless the child has ended.
  func send(_ signal: Int32) {
    // Under the lock, because the child is reaped under it: its number cannot have passed to another process.
    state.withLock { if $0.ending == nil { _ = kill(processID, signal) } }
  }

  private func waitAndReap() {
    var information = siginfo_t()
    while waitid(P_PID, id_t(processID), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
    let (ending, waiting) = state.withLock { state in
      var status: Int32 = 0
      waitpid(processID, &status, 0)
      // The low seven bits are the signal, the second byte is the exit status (wait(2)); the macros are C's.
      let signal = status & 0x7f
      let ending: Ending = signal == 0 ? .exited(status >> 8 & 0xff) : .signalled(signal)
      state.ending = ending
      defer { state.waiting = [:] }
      return (ending, state.waiting)
    }
    for continuation in waiting.values { continuation.resume(returning: ending) }
  }

  // MARK: posix_spawn

  /// Unsafe pointers: the argument and environment strings are copies that live until `posix_spawn` has returned, by
  /// when the new process has its own; file actions and attributes are destroyed after it too.
  private static func spawn(_ command: Command, output: Int32) -> Result<pid_t, SystemError> {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    var arguments = ([command.program] + command.arguments).map { strdup($0) } + [nil]
    var environment = command.environment.map { strdup($0) } + [nil]
    defer {
      for pointer in arguments + environment { free(pointer) }
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    var processID: pid_t = 0
    let steps: [() -> Int32] = [
      { posix_spawn_file_actions_addopen(&actions, 0, command.input, O_RDONLY, 0) },
      { posix_spawn_file_actions_adddup2(&actions, output, 1) },
      { posix_spawn_file_actions_adddup2(&actions, output, 2) },
      { gateway_spawn_alone_in(&actions, "/") },
      { posix_spawnattr_setflags(&attributes, Int16(truncatingIfNeeded: flags)) },
      { posix_spawnattr_setpgroup(&attributes, 0) },
      { posix_spawnattr_setsigmask(&attributes, &none) },
      { posix_spawnattr_setsigdefault(&attributes, &all) },
      { posix_spawn(&processID, command.program, &actions, &attributes, &arguments, &environment) },
    ]
    for step in steps {
      let code = step()
      if code != 0 { return .failure(SystemError(call: "posix_spawn \(command.program)", errno: code)) }
    }
    // As soon as can be: posix_spawn(3) has no attribute for it.
    OpenFiles.atStart.set(for: processID)
    return .success(processID)
  }
}
