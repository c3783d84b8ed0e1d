import EventLoops
import Foundation
import Logging
import ModuleKit
import Postgres
import Synchronization

@testable import Gateway
@testable import NonAssociationsModule

/// What all tests of the process share: event loops, and a migrated database to copy.
enum World {
  /// Lives as long as the process.
  static let group = Result { try EventLoopGroup(count: 2) }

  private static let template = Task { () throws -> String in
    let name = "contract_template_\(UInt32.random(in: 0 ... .max))"
    _ = try await Psql.run("create database \(name)", url: try Psql.serverURL)
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let database = try PostgresDatabase(
      configuration: PostgresConfiguration(connectionString: try Psql.url(database: name)),
      group: try group.get(),
      logger: logger
    )
    _ = try await DatabaseMigrations(Modules.all.map { ($0, database) }, logger: logger).apply()
    await database.shutdown()
    return name
  }

  /// The next test's database, made while this one's is in use.
  private static let next = Mutex<Task<TestDatabase, any Error>?>(nil)

  static func makeDatabase() async throws -> TestDatabase {
    let mine = next.withLock { next in
      let mine = next ?? Task { try await copyTemplate() }
      next = Task {
        // One after the other, as the server copies one template.
        _ = await mine.result
        return try await copyTemplate()
      }
      return mine
    }
    return try await mine.value
  }

  private static func copyTemplate() async throws -> TestDatabase {
    let template = try await template.value
    let name = "contract_\(UInt64.random(in: 0 ... .max))"
    _ = try await Psql.run("create database \(name) template \(template)", url: try Psql.serverURL)
    return TestDatabase(url: try Psql.url(database: name))
  }

  /// Nobody waits for it: all of them go with the server in the end.
  static func drop(_ database: TestDatabase) {
    guard let name = database.url.split(separator: "/").last else { return }
    Task { _ = try await Psql.run("drop database \(name) with (force)", url: try Psql.serverURL) }
  }
}
