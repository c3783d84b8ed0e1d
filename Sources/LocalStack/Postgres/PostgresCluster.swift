internal import EventLoops
internal import Glibc
internal import HTTPTransport
internal import Time

/// A cluster on disk: makes it, and starts a server on it.
struct PostgresCluster: Sendable {
  /// The folder of cluster and socket, within the data folder.
  let folder: String
  /// Where the unix socket is made.
  let socketFolder: String
  let account: Account?
  let programs: PostgresPrograms
  let log: String
  let clock: any MonotonicClock

  static let superuser = "gateway"
  static let database = "gateway"
  static let port = 5432
  /// `sockaddr_un.sun_path` holds 108 bytes, the last of them NUL.
  static let longestSocketPath = 107

  var data: String { folder + "/data" }

  /// The libpq URL of the database.
  var connectionString: String {
    "postgresql:///\(Self.database)?host=\(PercentCoding.encode(socketFolder))&user=\(Self.superuser)"
  }

  /// The cluster's major version, nil if there is no cluster yet.
  static func version(of folder: String) -> Int? {
    Files.text(folder + "/data/PG_VERSION").flatMap { Int($0.prefix { $0.isNumber }) }
  }

  /// Where the socket goes: beside the cluster or, if its path would be too long for the system, in a folder under
  /// `/tmp` named after a hash of the cluster's path.
  static func socketFolder(for folder: String) -> String {
    let wanted = folder + "/socket"
    guard "\(wanted)/.s.PGSQL.\(port)".utf8.count > longestSocketPath else { return wanted }
    return "/tmp/gateway-\(fingerprint(of: folder))"
  }

  /// FNV-1a with 64 bits, in hexadecimal: short names for long paths.
  static func fingerprint(of path: String) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in path.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  // MARK: Making

  /// Makes the folders and, unless there is one, the cluster with its database. A cluster comes into its place whole:
  /// whoever is interrupted while making one leaves nothing that the next start would take for it.
  func prepare() async throws(PrivatePostgresError) {
    do throws(Files.Failure) {
      try makePrivate(folder)
      try makePrivate(socketFolder)
    } catch {
      throw PrivatePostgresError(error)
    }
    guard !Files.exists(data + "/PG_VERSION") else { return }
    guard Files.names(in: data).isEmpty else {
      throw .folderUnusable("\(data) holds something else than a PostgreSQL cluster: move it away")
    }
    let unfinished = folder + "/data.new"
    do {
      try Files.remove(unfinished)
      try await initialise(unfinished)
      try Files.remove(data)
      try Files.move(unfinished, to: data)
    } catch let error as Files.Failure {
      throw PrivatePostgresError(error)
    } catch let error as PrivatePostgresError {
      throw error
    } catch {
      throw .system("\(error)")
    }
  }

  private func initialise(_ target: String) async throws {
    try await run(
      programs.initdb,
      [
        "--pgdata", target, "--username", Self.superuser, "--auth-local", "trust", "--auth-host", "reject",
        "--encoding", "UTF8", "--locale", "C",
      ]
    )
    // Single-user mode, because the database then is there before anybody can connect.
    let statements = folder + "/create.sql"
    try Files.write("CREATE DATABASE \(Self.database)\n", to: statements, mode: 0o644)
    try await run(
      programs.postgres,
      ["--single", "-D", target, "-c", "exit_on_error=true", "-c", "log_min_messages=error", "template1"],
      input: statements
    )
    try Files.remove(statements)
  }

  private func run(_ program: String, _ arguments: [String], input: String = "/dev/null") async throws {
    var command = ChildProcess.Command(program: program, arguments: arguments)
    command.input = input
    let result = try await Self.reportingMissingSetpriv { () async throws(SystemError) in
      try await ChildProcess.run(command.guarded(account: account, atOurDeath: "KILL"))
    }
    guard result.ending == .exited(0) else {
      throw PrivatePostgresError.notInitialised("\(program) \(result.ending)\n\(result.output)")
    }
  }

  /// Makes a folder for PostgreSQL's user alone, or makes sure that one which is there is no other user's.
  private func makePrivate(_ path: String) throws(Files.Failure) {
    let owner = account?.uid ?? geteuid()
    if Files.status(path) == nil {
      try Files.makeFolder(path, mode: 0o700)
      if let account { try Files.giveAway(path, uid: account.uid, gid: account.gid) }
    }
    guard let status = Files.status(path), Files.isDirectory(status), status.st_uid == owner else {
      throw Files.Failure(path: path, error: SystemError(call: "owned by another user", errno: EPERM))
    }
    guard status.st_mode & 0o077 == 0 || chmod(path, 0o700) == 0 else {
      throw Files.Failure(path: path, error: .last("chmod"))
    }
  }

  // MARK: Starting

  /// Starts the server and waits until it takes connections.
  /// - Parameter limit: how long at most; long, because recovery after a crash may take its time.
  func start(within limit: Duration) async throws(PrivatePostgresError) -> ChildProcess {
    let output = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard output >= 0 else { throw .folderUnusable("\(log): \(SystemError.last("open"))") }
    defer { close(output) }
    let quotedSocketFolder = "\"" + socketFolder.replacing("\"", with: "\"\"") + "\""
    let settings = [
      "listen_addresses=", "unix_socket_directories=\(quotedSocketFolder)", "unix_socket_permissions=0700",
      "port=\(Self.port)", "logging_collector=off", "log_destination=stderr",
    ]
    let command = ChildProcess.Command(
      program: programs.postgres,
      arguments: ["-D", data] + settings.flatMap { ["-c", $0] }
    )
    // SIGINT is PostgreSQL's fast shutdown: should this process be killed, the cluster still stops in good order.
    let child = try await Self.reportingMissingSetpriv { () async throws(SystemError) in
      try await ChildProcess.start(command.guarded(account: account, atOurDeath: "INT"), output: output)
    }
    let deadline = clock.now() + limit
    while !isReady(child) {
      if let ending = await child.ending(within: .milliseconds(10)) {
        throw .notStarted(reason: ending.description, log: log, lastLines: lastLines())
      }
      guard clock.now() < deadline else {
        child.send(SIGQUIT)
        throw .notStarted(reason: "was not ready within \(limit)", log: log, lastLines: lastLines())
      }
    }
    return child
  }

  /// The eighth line of `postmaster.pid` is the server's state, as `pg_ctl` reads it.
  private func isReady(_ child: ChildProcess) -> Bool {
    guard let text = Files.text(data + "/postmaster.pid") else { return false }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count >= 8, lines[0] == String(child.processID) else { return false }
    return lines[7].hasPrefix("ready")
  }

  private func lastLines() -> String {
    let lines = (Files.text(log, limit: 1 << 24) ?? "").split(separator: "\n")
    return lines.suffix(8).joined(separator: "\n")
  }

  private static func reportingMissingSetpriv<Result>(
    _ body: () async throws(SystemError) -> Result
  ) async throws(PrivatePostgresError) -> Result {
    do {
      return try await body()
    } catch {
      if error.errno == ENOENT, !Files.exists(ChildProcess.Command.setpriv) { throw .setprivMissing }
      throw .system(error.description)
    }
  }
}
