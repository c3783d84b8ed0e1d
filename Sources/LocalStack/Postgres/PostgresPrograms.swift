internal import Glibc

/// Where a PostgreSQL server's programs lie.
struct PostgresPrograms: Hashable, Sendable {
  /// The folder of `postgres` and `initdb`.
  let folder: String
  /// The major version, such as 15.
  let major: Int

  var postgres: String { folder + "/postgres" }
  var initdb: String { folder + "/initdb" }

  /// Debian's folder of all versions.
  static let debianFolder = "/usr/lib/postgresql"

  /// All installations: Debian's, newest first, then that of the search path, then that of `pg_config`.
  /// - Parameters:
  ///   - debianFolder: holds a folder `N/bin` for each major version N.
  ///   - searchPath: folders separated by colons, as in `PATH`.
  static func installed(debianFolder: String, searchPath: String) async -> [PostgresPrograms] {
    var found = Files.names(in: debianFolder).compactMap(Int.init).sorted(by: >)
      .map { PostgresPrograms(folder: "\(debianFolder)/\($0)/bin", major: $0) }
      .filter { Files.isExecutable($0.postgres) && Files.isExecutable($0.initdb) }
    let folders = searchPath.split(separator: ":").map(String.init)
    var others = folders.filter { Files.isExecutable($0 + "/postgres") }
    if let program = folders.map({ $0 + "/pg_config" }).first(where: Files.isExecutable),
      let answer = try? await ChildProcess.run(.init(program: program, arguments: ["--bindir"])),
      answer.ending == .exited(0)
    {
      others.append(String(answer.output.prefix { $0 != "\n" }))
    }
    for folder in others {
      guard let postgres = Files.resolve(folder + "/postgres") else { continue }
      let folder = Files.parent(of: postgres)
      guard !found.contains(where: { Files.resolve($0.folder) == folder }) else { continue }
      guard Files.isExecutable(folder + "/initdb") else { continue }
      guard let answer = try? await ChildProcess.run(.init(program: postgres, arguments: ["--version"])),
        answer.ending == .exited(0), let major = major(ofVersion: answer.output)
      else { continue }
      found.append(PostgresPrograms(folder: folder, major: major))
    }
    return found
  }

  /// The major version in `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
  static func major(ofVersion text: String) -> Int? {
    guard let marker = text.split(separator: " ", omittingEmptySubsequences: true).dropFirst(2).first else {
      return nil
    }
    return Int(marker.prefix { $0.isNumber })
  }

  /// The programs for a cluster: those of the version that made it, else the first.
  /// - Parameter cluster: the major version of an existing cluster, nil for a new one.
  static func choose(
    from installed: [PostgresPrograms],
    cluster: Int?,
    folder: String
  ) throws(PrivatePostgresError) -> PostgresPrograms {
    guard let first = installed.first else { throw .programsMissing }
    guard let cluster else { return first }
    guard let match = installed.first(where: { $0.major == cluster }) else {
      throw .versionMissing(needed: cluster, found: installed.map(\.major), folder: folder)
    }
    return match
  }
}
