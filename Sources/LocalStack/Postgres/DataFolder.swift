internal import EventLoops
internal import Glibc
internal import Synchronization

/// The folder that holds everything a local gateway keeps, locked for one process.
///
/// | in it | what |
/// | --- | --- |
/// | `lock` | held while a gateway runs; names its process |
/// | `signing-key.pem` | what development tokens are signed with, 0600 |
/// | `spare-key.pem` | a second key that is published, 0600 |
/// | `endpoints.env` | where everything answers, written by the gateway |
/// | `prisons.json` | what has become of the sample prisoners, as the doubles know it |
/// | `postgres.log`, `postgres.log.1` | PostgreSQL's log of this start and of the one before |
/// | `postgres/` | the private cluster and its socket, 0700, owned by the user it runs as |
public final class DataFolder: Sendable {
  /// The absolute path, symbolic links followed.
  public let path: String
  private let lock: Mutex<Int32?>

  /// Makes the folder if it is missing, and locks it until `unlock()` or until this object is gone. The kernel drops
  /// the lock of a process that dies, however it dies.
  /// - Parameter path: relative ones start at the working directory.
  /// - Throws: `PrivatePostgresError.folderInUse`, `.folderUnusable`.
  public init(_ path: String) throws(PrivatePostgresError) {
    do {
      self.path = try Self.make(path)
    } catch {
      throw PrivatePostgresError(error)
    }
    let file = self.path + "/lock"
    let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw .folderUnusable("\(file): \(SystemError.last("open"))") }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let holder = Files.text(file).flatMap { Int($0.prefix { $0.isNumber }) }
      close(descriptor)
      throw .folderInUse(folder: self.path, processID: holder)
    }
    let text = Array("\(getpid())\n".utf8)
    ftruncate(descriptor, 0)
    _ = text.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    lock = Mutex(descriptor)
  }

  deinit { unlock() }

  /// Lets another gateway use the folder. A second call does nothing.
  public func unlock() {
    lock.withLock { descriptor in
      if let open = descriptor {
        // Closing alone would leave the lock to a child that is just being started and has a copy of the file.
        flock(open, LOCK_UN)
        close(open)
      }
      descriptor = nil
    }
  }

  /// The file of the key that development tokens are signed with.
  public var signingKey: String { Self.signingKey(in: path) }
  /// The file of another key that is published with it.
  var spareKey: String { path + "/spare-key.pem" }
  static func signingKey(in folder: String) -> String { folder + "/signing-key.pem" }
  var log: String { path + "/postgres.log" }

  /// Makes the folder, unless it is there, and gives its absolute path.
  static func make(_ path: String) throws(Files.Failure) -> String {
    try Files.makeFolder(path, mode: 0o755)
    guard let resolved = Files.resolve(path) else {
      throw Files.Failure(path: path, error: .last("realpath"))
    }
    return resolved
  }
}
