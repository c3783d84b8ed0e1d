internal import EventLoops
internal import FoundationEssentials
internal import Glibc

/// The few file operations that the local profile needs, each with an error that names the path.
enum Files {
  /// A file operation that failed.
  struct Failure: Error, CustomStringConvertible {
    let path: String
    let error: SystemError

    var description: String { "\(path): \(error)" }
  }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
  static func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 }

  /// The path with every symbolic link followed; nil when there is no such file.
  static func resolve(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// What the system knows about a file, a symbolic link itself not followed; nil when there is none.
  static func status(_ path: String) -> stat? {
    var status = stat()
    return lstat(path, &status) == 0 ? status : nil
  }

  static func isDirectory(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFDIR }

  /// The text of a file of at most `limit` bytes (the rest is left out); nil when it cannot be read. Works for files
  /// of /proc, whose size is unknown.
  static func text(_ path: String, limit: Int = 1 << 20) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    return String(decoding: readAll(descriptor, limit: limit), as: UTF8.self)
  }

  /// What can be read from `descriptor` until its end, at most `limit` bytes of it; the rest is read and dropped.
  static func readAll(_ descriptor: Int32, limit: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16384)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return bytes }
      bytes.append(contentsOf: chunk.prefix(count).prefix(limit - bytes.count))
    }
  }

  /// Makes or empties a file and writes `text` to it.
  /// - Throws: `Failure`.
  static func write(_ text: String, to path: String, mode: mode_t) throws(Failure) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)
    guard descriptor >= 0 else { throw Failure(path: path, error: .last("open")) }
    defer { close(descriptor) }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = Array(rest).withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Failure(path: path, error: .last("write")) }
      rest = rest.dropFirst(count)
    }
  }

  /// Makes a folder with all folders above it; one that is there already stays as it is.
  /// - Throws: `Failure`, also when something else is in the way.
  static func makeFolder(_ path: String, mode: mode_t) throws(Failure) {
    if mkdir(path, mode) == 0 { return }
    switch errno {
    case ENOENT:
      let parent = parent(of: path)
      guard parent != path else { throw Failure(path: path, error: .last("mkdir")) }
      try makeFolder(parent, mode: 0o755)
      try makeFolder(path, mode: mode)
    case EEXIST:
      var status = stat()
      guard stat(path, &status) == 0, isDirectory(status) else {
        throw Failure(path: path, error: SystemError(call: "mkdir", errno: ENOTDIR))
      }
    default: throw Failure(path: path, error: .last("mkdir"))
    }
  }

  static func giveAway(_ path: String, uid: uid_t, gid: gid_t) throws(Failure) {
    guard lchown(path, uid, gid) == 0 else { throw Failure(path: path, error: .last("chown")) }
  }

  static func move(_ path: String, to target: String) throws(Failure) {
    guard rename(path, target) == 0 else { throw Failure(path: path, error: .last("rename")) }
  }

  /// Removes a file, or a folder with all that is in it; nothing happens when there is none.
  static func remove(_ path: String) throws(Failure) {
    guard status(path) != nil else { return }
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      throw Failure(path: path, error: .last("remove"))
    }
  }

  /// The names in a folder; none when it cannot be read.
  static func names(in folder: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
  }

  /// The folder that a path lies in.
  static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
