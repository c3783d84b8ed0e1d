/// Why the private PostgreSQL could not be made ready. Each says what to do about it in one line.
public enum PrivatePostgresError: Error, Sendable, CustomStringConvertible {
  /// No PostgreSQL server programs were found on this machine.
  case programsMissing
  /// The data folder was made by a PostgreSQL of another major version, which is not installed.
  case versionMissing(needed: Int, found: [Int], folder: String)
  /// Another gateway works on the folder.
  case folderInUse(folder: String, processID: Int?)
  /// The folder, or something in it, is not as it must be.
  case folderUnusable(String)
  /// This process is root, and no other user was found to run PostgreSQL as (it refuses to run as root).
  case noOrdinaryUser
  /// A program of util-linux is missing.
  case setprivMissing
  /// `initdb` failed; its own words follow.
  case notInitialised(String)
  /// The server ended, or was not ready in time; the last lines of its log follow.
  case notStarted(reason: String, log: String, lastLines: String)
  /// A server that an earlier gateway left behind could not be stopped.
  case leftOverServer(processID: Int)
  /// A program could not be started.
  case system(String)

  public var description: String {
    switch self {
    case .programsMissing:
      "PostgreSQL's programs (initdb, postgres) are not installed. Install them with: apt-get install postgresql"
    case .versionMissing(let needed, let found, let folder):
      "\(folder) was made by PostgreSQL \(needed), but installed is \(found.map(String.init).joined(separator: ", "))."
        + " Install postgresql-\(needed), or use another data folder"
    case .folderInUse(let folder, let processID):
      "another gateway\(processID.map { " (process \($0))" } ?? "") uses the data folder \(folder):"
        + " stop it, or use another data folder"
    case .folderUnusable(let reason): reason
    case .noOrdinaryUser:
      "PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody: start as another user"
    case .setprivMissing: "the program setpriv is not installed. Install it with: apt-get install util-linux"
    case .notInitialised(let output): "initdb failed: \(output)"
    case .notStarted(let reason, let log, let lastLines):
      "PostgreSQL \(reason). The end of \(log):\n\(lastLines)"
    case .leftOverServer(let processID):
      "a PostgreSQL of an earlier start (process \(processID)) does not stop: end it, then start again"
    case .system(let text): text
    }
  }

  init(_ failure: Files.Failure) { self = .folderUnusable(failure.description) }
}
