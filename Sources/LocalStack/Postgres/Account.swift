internal import Glibc

/// The user that PostgreSQL runs as when this process is root, which it refuses to run as.
struct Account: Hashable, Sendable {
  let name: String
  let uid: uid_t
  let gid: gid_t

  /// - Parameter cluster: the folder of an existing cluster: its owner goes first, because PostgreSQL wants it so.
  /// - Returns: nil when this process is not root, and so runs PostgreSQL as itself.
  static func forPostgres(cluster: String) throws(PrivatePostgresError) -> Account? {
    guard geteuid() == 0 else { return nil }
    if let owner = Files.status(cluster), owner.st_uid != 0 {
      return Account(name: "user \(owner.st_uid)", uid: owner.st_uid, gid: owner.st_gid)
    }
    for name in ["postgres", "nobody"] {
      if let entry = getpwnam(name)?.pointee, entry.pw_uid != 0 {
        return Account(name: name, uid: entry.pw_uid, gid: entry.pw_gid)
      }
    }
    throw .noOrdinaryUser
  }

  /// Whether this user may pass through every folder on the way to `path`, by the mode bits.
  func canReach(_ path: String) -> Bool {
    var folder = path
    while true {
      var status = stat()
      guard stat(folder, &status) == 0 else { return false }
      let bit: mode_t = status.st_uid == uid ? 0o100 : status.st_gid == gid ? 0o010 : 0o001
      guard status.st_mode & bit != 0 else { return false }
      if folder == "/" || folder == "." { return true }
      folder = Files.parent(of: folder)
    }
  }
}

extension ChildProcess.Command {
  /// The program that changes user and asks the kernel for a signal at our death: util-linux, on every Debian.
  static let setpriv = "/usr/bin/setpriv"

  /// The same command as another user, and ended when this process dies, even by SIGKILL.
  /// - Parameters:
  ///   - account: nil to stay who we are.
  ///   - signal: what the child gets when this process dies, such as `INT`.
  func guarded(account: Account?, atOurDeath signal: String) -> Self {
    var arguments = ["--pdeathsig", signal]
    if let account {
      arguments += ["--reuid", String(account.uid), "--regid", String(account.gid), "--clear-groups"]
    }
    var command = self
    command.program = Self.setpriv
    command.arguments = arguments + ["--", program] + self.arguments
    return command
  }
}
