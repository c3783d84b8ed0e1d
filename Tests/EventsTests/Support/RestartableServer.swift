import Foundation

/// A PostgreSQL server that belongs to one test, so that the test may restart it.
struct RestartableServer: Sendable {
  private let folder = "/tmp/gateway-events-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
  private let programs: String

  var connectionString: String { "host=\(folder) user=postgres dbname=postgres" }

  init() async throws {
    let versions = try FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")
    guard let version = versions.compactMap({ Int($0) }).max() else {
      throw TestFailure(description: "no PostgreSQL server programs under /usr/lib/postgresql")
    }
    programs = "/usr/lib/postgresql/\(version)/bin"
    let owner = geteuid() == 0 ? ["-o", "postgres"] : []
    try await Self.run(["install", "-d", "-m", "700"] + owner + [folder])
    try await run("initdb", "-D", "\(folder)/data", "-U", "postgres", "-A", "trust", "--no-sync")
    try await start()
  }

  func start() async throws {
    try await run(
      "pg_ctl",
      "-D",
      "\(folder)/data",
      "-w",
      "-l",
      "\(folder)/log",
      "-o",
      "-k \(folder) -F -c listen_addresses=''",
      "start"
    )
  }

  /// - Parameter mode: of pg_ctl: `fast` ends the sessions, `immediate` is a crash with recovery.
  func stop(mode: String) async throws {
    try await run("pg_ctl", "-D", "\(folder)/data", "-m", mode, "-w", "stop")
  }

  func remove() async {
    try? await stop(mode: "immediate")
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// PostgreSQL's programs refuse to work for root.
  private func run(_ program: String, _ arguments: String...) async throws {
    let command = ["\(programs)/\(program)"] + arguments
    let user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    try await Self.run((geteuid() == 0 ? user : []) + command)
  }

  /// Foundation's `Process` would wait for the server too, which inherits its end of a pipe.
  private static func run(_ command: [String]) async throws {
    let status: Int32 = await withCheckedContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(returning: spawn(["/usr/bin/env"] + command)) }
    }
    guard status == 0 else { throw TestFailure(description: "\(command.joined(separator: " ")): \(status)") }
  }

  private static func spawn(_ command: [String]) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for descriptor in 1...2 as ClosedRange<Int32> {
      posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0)
    }
    var arguments = command.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var child = pid_t()
    let error = posix_spawn(&child, command[0], &actions, nil, &arguments, environ)
    guard error == 0 else { return error }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    return status
  }
}
