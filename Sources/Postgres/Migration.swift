/// One step of a module's schema.
public struct Migration: Hashable, Sendable {
  /// Its place in the order, and its name in the history: `1.1`.
  public let version: String
  /// What it does, in a few words.
  public let name: String
  /// One or more statements, run in one transaction.
  public let sql: String
  /// For a step that existing rows may forbid: a query for the ids of the rows in the way, as its first column. When the
  /// step fails on them, they are reported, the service starts all the same, and the next start tries again.
  public let obstacles: String?

  public init(version: String, name: String, sql: String, obstacles: String? = nil) {
    self.version = version
    self.name = name
    self.sql = sql
    self.obstacles = obstacles
  }
}

/// The ordered steps of one module's schema.
public struct Migrations: Sendable {
  /// Names the module in the history: `non-associations`.
  public let module: String
  public let steps: [Migration]
  /// A table that exists once the replaced service has made its schema.
  public let markerTable: String
  /// The steps that the replaced service's Flyway history may say are done.
  public let flywayVersions: Set<String>

  public init(module: String, markerTable: String, flywayVersions: Set<String>, steps: [Migration]) {
    self.module = module
    self.markerTable = markerTable
    self.flywayVersions = flywayVersions
    self.steps = steps
  }
}

/// What a run of the migrations did, or would do.
public struct MigrationReport: Hashable, Sendable {
  /// `version name` of each step applied (or pending, in a dry run).
  public internal(set) var applied: [String] = []
  /// Steps taken over from a Flyway history.
  public internal(set) var adopted: [String] = []
  /// Steps that rows are in the way of, with the rows' ids (at most 100).
  public internal(set) var obstructed: [String: [String]] = [:]
}

/// Why a schema was left as it was.
public enum MigrationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The text of a step that was applied is not the text this version has.
  case changed(module: String, version: String)
  /// The database has a step that this version does not know: it belongs to a newer one.
  case unknown(module: String, version: String)
  /// The Flyway history has a failed step.
  case failedFlyway(version: String)
  /// The schema is there, but no history says in which version.
  case noHistory(table: String)
  /// A step failed; the database's reason is given, and nothing of the step stayed.
  case failed(module: String, version: String, reason: String)
  case database(PostgresError)

  public var description: String {
    switch self {
    case .changed(let module, let version):
      "step \(version) of \(module) was applied with another text than this version has: run the version that made it"
    case .unknown(let module, let version):
      "the database has step \(version) of \(module), which this version does not know: run a newer version"
    case .failedFlyway(let version):
      "the Flyway history says that step \(version) failed: repair the schema with the service that made it first"
    case .noHistory(let table):
      "table \(table) exists, but neither our history nor Flyway's says how it was made: is this the right database?"
    case .failed(let module, let version, let reason): "step \(version) of \(module) failed: \(reason)"
    case .database(let error): "the database could not be asked: \(error)"
    }
  }
}
