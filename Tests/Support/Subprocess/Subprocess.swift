import CLinux
public import Foundation
import Synchronization

/// A program that a test runs beside itself, until its last holder lets it go.
///
/// Foundation's `Process` reads the list of open descriptors past the end of its buffer while other threads open and
/// close theirs, and then takes all tests down. This one leaves the closing to the C library, which needs no list.
public final class Subprocess: Sendable {
  /// How a program ended.
  public enum Ending: Equatable, Sendable {
    case exited(Int32)
    case signalled(Int32)
  }

  /// What one of the standard streams of the program is.
  public enum Stream {
    case none
    /// The one of the tests.
    case inherited
    case file(FileHandle)
    /// The program's end of a pipe; it is closed here once the program has it.
    case pipe(Pipe)
  }

  /// The program cannot be started, or ended otherwise than it should.
  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  public let processID: Int32
  /// Nil while the program is not known to have ended. Only its holder may wait for the process, so that the number is
  /// signalled only while it is the program's.
  private let known = Mutex<Ending?>(nil)

  /// Writing to a program that has ended is an error; the signal would end all tests without a word.
  private static let brokenPipeIsAnError: Void = gateway_ignore_sigpipe()

  /// Starts a program with no signal blocked or ignored, and with no descriptor but its standard streams.
  /// - Parameters:
  ///   - command: the program, looked for on the path if it has no slash, and its arguments.
  ///   - environment: all of it; nil for the one of the tests.
  public init(
    _ command: [String],
    environment: [String: String]? = nil,
    input: Stream = .none,
    output: Stream = .inherited,
    errors: Stream = .inherited
  ) throws {
    Self.brokenPipeIsAnError
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    Self.place(input, at: 0, &actions)
    Self.place(output, at: 1, &actions)
    Self.place(errors, at: 2, &actions)
    // In the folder it would be in anyway; the call also closes all other descriptors.
    gateway_spawn_alone_in(&actions, ".")

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var (none, usual) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    sigemptyset(&usual)
    // A shell has what it runs in the background ignore SIGINT and SIGQUIT, and so do these tests then.
    for signal in [SIGPIPE, SIGINT, SIGQUIT, SIGTERM, SIGHUP] { sigaddset(&usual, signal) }
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &usual)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    var arguments = command.map { strdup($0) } + [nil]
    var own = environment ?? ProcessInfo.processInfo.environment
    // It is meant for the tests: in a program under test it would answer signals that the program answers.
    own["SWIFT_BACKTRACE"] = nil
    var variables = own.map { strdup("\($0)=\($1)") } + [nil]
    defer { for text in arguments + variables { free(text) } }
    var child = pid_t()
    let error = posix_spawnp(&child, command.first ?? "", &actions, &attributes, &arguments, &variables)
    guard error == 0 else {
      throw Failure(description: "\(command.first ?? "no program"): \(String(cString: strerror(error)))")
    }
    processID = child
    if case .pipe(let pipe) = input { try pipe.fileHandleForReading.close() }
    for case .pipe(let pipe) in [output, errors] { try? pipe.fileHandleForWriting.close() }
  }

  /// Ends with its last holder, and leaves no zombie: Swift Testing looks for the end of an exit test among all children
  /// that have ended, and would find that one for ever.
  deinit {
    send(SIGKILL)
    wait()
  }

  /// How the program ended; nil while it runs.
  public var ending: Ending? {
    known.withLock { known in
      var status: Int32 = 0
      if known == nil, waitpid(processID, &status, WNOHANG) == processID {
        // The status words of wait(2).
        known = status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .signalled(status & 0x7F)
      }
      return known
    }
  }

  public var isRunning: Bool { ending == nil }

  public func send(_ signal: Int32) {
    known.withLock { if $0 == nil { _ = kill(processID, signal) } }
  }

  /// Blocks the calling thread until the program has ended.
  @discardableResult
  public func wait() -> Ending {
    while true {
      if let ending { return ending }
      var about = siginfo_t()
      _ = waitid(P_PID, id_t(processID), &about, WEXITED | WNOWAIT)
    }
  }

  /// Runs a program to its end.
  /// - Parameters:
  ///   - input: what it reads.
  ///   - withErrors: whether its error output is given too, in between.
  /// - Returns: what it printed.
  /// - Throws: `Failure` with what it printed, unless it exits with 0.
  @discardableResult
  public static func run(_ command: [String], input: [UInt8] = [], withErrors: Bool = false) throws -> [UInt8]
  {
    let (ending, output) = try ended(command, input: input, withErrors: withErrors)
    guard ending == .exited(0) else {
      let text = String(decoding: output, as: UTF8.self)
      throw Failure(description: "\(command.joined(separator: " ")): \(ending) \(text)")
    }
    return output
  }

  /// Runs a program to its end, whatever that is.
  /// - Parameter limit: how long it may take; no test waits for ever for a program that hangs.
  /// - Throws: `Failure` with what it printed, if it runs for longer; it is ended.
  public static func ended(
    _ command: [String],
    input: [UInt8] = [],
    withErrors: Bool = false,
    within limit: Duration = .seconds(540)
  ) throws -> (ending: Ending, output: [UInt8]) {
    let (typed, output) = (Pipe(), Pipe())
    let child = try Subprocess(
      command,
      input: input.isEmpty ? .none : .pipe(typed),
      output: .pipe(output),
      errors: withErrors ? .file(output.fileHandleForWriting) : .inherited
    )
    if !input.isEmpty { try typed.fileHandleForWriting.write(contentsOf: Data(input)) }
    try typed.fileHandleForWriting.close()
    let printed = try child.printed(on: output.fileHandleForReading, by: .now + limit)
    if child.isRunning, printed.isLate {
      child.send(SIGKILL)
      let text = String(decoding: printed.output, as: UTF8.self)
      throw Failure(description: "\(command.joined(separator: " ")): not within \(limit) \(text)")
    }
    return (child.wait(), printed.output)
  }

  /// Reads until the program has closed the pipe or has ended: what it started and left behind, such as a browser, may hold
  /// the pipe open for ever.
  private func printed(
    on pipe: FileHandle,
    by end: ContinuousClock.Instant
  ) throws -> (output: [UInt8], isLate: Bool) {
    var output: [UInt8] = []
    while true {
      var state = pollfd(fd: pipe.fileDescriptor, events: Int16(POLLIN), revents: 0)
      let hadEnded = !isRunning
      if poll(&state, 1, hadEnded ? 0 : 100) > 0 {
        let data = pipe.availableData
        if data.isEmpty { return (output, false) }
        output += data
      } else if hadEnded {
        return (output, false)
      }
      if ContinuousClock.now >= end { return (output, true) }
    }
  }

  private static func place(_ stream: Stream, at number: Int32, _ actions: inout posix_spawn_file_actions_t) {
    let descriptor: Int32
    switch stream {
    case .inherited: return
    case .none:
      posix_spawn_file_actions_addopen(&actions, number, "/dev/null", number == 0 ? O_RDONLY : O_WRONLY, 0)
      return
    case .file(let handle): descriptor = handle.fileDescriptor
    case .pipe(let pipe):
      descriptor = (number == 0 ? pipe.fileHandleForReading : pipe.fileHandleForWriting).fileDescriptor
    }
    posix_spawn_file_actions_adddup2(&actions, descriptor, number)
  }
}
