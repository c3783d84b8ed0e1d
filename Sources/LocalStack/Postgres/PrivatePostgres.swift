internal import Glibc
public import Logging
internal import Synchronization
public import Time

/// A PostgreSQL of the gateway's own: a cluster in its data folder, reached by a unix socket that no other user can
/// open, without a TCP port.
///
/// It stops in good order with `stop()`, and also when the gateway is killed (the kernel then sends it the signal of
/// a fast shutdown). If it ends by itself it is started again.
public final class PrivatePostgres: Sendable {
  /// The libpq URL of its database, `gateway`, as a superuser.
  public let connectionString: String
  /// The folder of the cluster: in the data folder, or under `/var/lib/gateway` when this process is root and the
  /// user PostgreSQL runs as cannot reach the data folder (one below `/root`, as a rule).
  public let folder: String

  private struct State {
    var child: ChildProcess?
    var isStopping = false
    var supervisor: Task<Void, Never>?
  }

  private let cluster: PostgresCluster
  private let dataFolder: DataFolder
  private let logger: Logger
  private let state: Mutex<State>

  private init(cluster: PostgresCluster, dataFolder: DataFolder, child: ChildProcess, logger: Logger) {
    self.cluster = cluster
    self.dataFolder = dataFolder
    self.logger = logger
    state = Mutex(State(child: child))
    connectionString = cluster.connectionString
    folder = cluster.folder
  }

  /// The server's main process.
  public var processID: Int? { state.withLock { $0.child.map { Int($0.processID) } } }

  /// How long a server may take until it accepts connections, recovery after a crash included.
  static let startLimit = Duration.seconds(120)

  /// Starts the cluster of a data folder, after making it the first time (about two seconds) and after stopping what a
  /// killed gateway may have left of it.
  /// - Parameters:
  ///   - dataFolder: stays locked as long as this object lives.
  ///   - clock: what the server's time to start and stop is measured by.
  ///   - searchPath: where to look for PostgreSQL besides Debian's folders; colons between, as in `PATH`.
  /// - Throws: `PrivatePostgresError`, one line that says what to do.
  public static func start(
    in dataFolder: DataFolder,
    searchPath: String,
    clock: any MonotonicClock,
    logger: Logger
  ) async throws(PrivatePostgresError) -> PrivatePostgres {
    let installed = await PostgresPrograms.installed(
      debianFolder: PostgresPrograms.debianFolder,
      searchPath: searchPath
    )
    return try await start(in: dataFolder, installed: installed, clock: clock, logger: logger)
  }

  static func start(
    in dataFolder: DataFolder,
    installed: [PostgresPrograms],
    clock: any MonotonicClock,
    logger: Logger
  ) async throws(PrivatePostgresError) -> PrivatePostgres {
    var folder = dataFolder.path + "/postgres"
    let account = try Account.forPostgres(cluster: folder)
    if let account, !account.canReach(dataFolder.path) {
      folder = "/var/lib/gateway/" + PostgresCluster.fingerprint(of: dataFolder.path)
    }
    let programs = try PostgresPrograms.choose(
      from: installed,
      cluster: PostgresCluster.version(of: folder),
      folder: folder
    )
    let cluster = PostgresCluster(
      folder: folder,
      socketFolder: PostgresCluster.socketFolder(for: folder),
      account: account,
      programs: programs,
      log: dataFolder.log,
      clock: clock
    )
    try await LeftOverServer(data: Files.resolve(cluster.data) ?? cluster.data).stop(by: clock)
    try await cluster.prepare()
    rename(dataFolder.log, dataFolder.log + ".1")
    let child = try await cluster.start(within: startLimit)
    let server = PrivatePostgres(cluster: cluster, dataFolder: dataFolder, child: child, logger: logger)
    server.supervise(child)
    return server
  }

  /// Stops the server: open transactions are rolled back, sessions are ended, all is written to disk. Returns when its
  /// process is gone. A server that takes longer than 10 s is stopped the hard way and recovers at its next start.
  public func stop() async {
    let (child, supervisor) = state.withLock { state in
      state.isStopping = true
      return (state.child, state.supervisor)
    }
    if let child { await end(child) }
    // A server that was just being started again is ended by the supervisor.
    await supervisor?.value
  }

  private func end(_ child: ChildProcess) async {
    for (signal, limit) in [(SIGINT, Duration.seconds(10)), (SIGQUIT, .seconds(5)), (SIGKILL, .seconds(5))] {
      child.send(signal)
      if await child.ending(within: limit) != nil { return }
    }
  }

  private func supervise(_ child: ChildProcess) {
    let supervisor = Task { await restartWhenItEnds(child) }
    state.withLock { $0.supervisor = supervisor }
  }

  private func restartWhenItEnds(_ first: ChildProcess) async {
    var child = first
    while let ending = await child.ending(), !state.withLock({ $0.isStopping }) {
      logger.error("the private PostgreSQL ended; starting it again", metadata: ["ending": "\(ending)"])
      do {
        try await LeftOverServer(data: Files.resolve(cluster.data) ?? cluster.data).stop(by: cluster.clock)
        child = try await cluster.start(within: Self.startLimit)
      } catch {
        logger.critical("the private PostgreSQL cannot be started again", metadata: ["error": "\(error)"])
        return
      }
      let isStopping = state.withLock { state in
        state.child = child
        return state.isStopping
      }
      if isStopping { child.send(SIGINT) }
    }
  }
}
