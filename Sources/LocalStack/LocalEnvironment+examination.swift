public import Time

extension LocalEnvironment {
  /// Whether an all-in-one profile could start, or runs already.
  public struct Examination: Sendable {
    /// The major versions of PostgreSQL that are installed.
    public var postgres: [Int] = []
    /// Whether there is something to start PostgreSQL with.
    public var hasSetpriv = true
    /// The process that uses the data folder, if it is in use; 0 for one that is not known.
    public var processID: Int?
    /// Why the data folder cannot be used.
    public var folderProblem: String?
    /// Why what the doubles know of prisoners cannot be read, and what there is to do.
    public var recordsProblem: (text: String, advice: String)?
  }

  /// Starts nothing and keeps nothing. A data folder that is not there is not made.
  public static func examine(_ configuration: Configuration, clock: any WallClock) async -> Examination {
    var examination = Examination()
    examination.postgres = await PostgresPrograms.installed(
      debianFolder: PostgresPrograms.debianFolder,
      searchPath: configuration.searchPath
    ).map(\.major)
    examination.hasSetpriv = Files.isExecutable(ChildProcess.Command.setpriv)
    guard Files.exists(configuration.dataFolder) else { return examination }
    do throws(PrivatePostgresError) {
      try DataFolder(configuration.dataFolder).unlock()
    } catch {
      if case .folderInUse(_, let processID) = error {
        examination.processID = processID ?? 0
      } else {
        examination.folderProblem = error.description
      }
      return examination
    }
    do throws(RecordsFile.Unreadable) {
      _ = try RecordsFile(in: configuration.dataFolder).records(clock: clock)
    } catch {
      examination.recordsProblem = (error.problem, error.advice)
    }
    return examination
  }
}
