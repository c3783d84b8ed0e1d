import Logging
import TestKit
import Testing

@testable import LocalStack

/// Starting private clusters, and asking them with psql: PostgreSQL's own client, which shares nothing with ours but
/// libpq.
enum Cluster {
  static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  static let searchPath = "/usr/local/bin:/usr/bin:/bin"

  static func programs() async throws -> PostgresPrograms {
    let installed = await PostgresPrograms.installed(
      debianFolder: PostgresPrograms.debianFolder,
      searchPath: searchPath
    )
    return try #require(installed.first, "deploy/test installs PostgreSQL")
  }

  static func start(_ path: String) async throws -> (folder: DataFolder, server: PrivatePostgres) {
    let folder = try DataFolder(path)
    let server = try await PrivatePostgres.start(
      in: folder,
      searchPath: searchPath,
      clock: try Loops.shared.get(),
      logger: quiet
    )
    return (folder, server)
  }

  /// Runs `body` with a started cluster and stops it on every path.
  /// - Returns: the cluster's folder.
  @discardableResult
  static func with(_ path: String, _ body: (PrivatePostgres) async throws -> Void) async throws -> String {
    let (folder, server) = try await start(path)
    defer { folder.unlock() }
    do {
      try await body(server)
    } catch {
      await server.stop()
      throw error
    }
    await server.stop()
    return server.folder
  }

  /// What psql prints for `statement`, columns separated by `|`.
  static func ask(
    _ server: PrivatePostgres,
    _ statement: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> String {
    let psql = try await programs().folder + "/psql"
    let result = try await ChildProcess.run(
      .init(
        program: psql,
        arguments: [
          "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement, server.connectionString,
        ]
      )
    )
    try #require(result.ending == .exited(0), "\(result.output)", sourceLocation: sourceLocation)
    return String(result.output.split(separator: "\n").joined(separator: "\n"))
  }
}
