/// One step of a module's schema. Once released it never changes: its checksum is kept in every database it was
/// applied to.
public struct Migration: Hashable, Sendable {
  /// What to do when existing rows do not let a migration through.
  public struct Tolerance: Hashable, Sendable {
    /// What the log says: what is missing, and what a person has to do.
    public var warning: String
    /// A query for the identifiers (one `bigint` or text column) of the rows in the way. They are logged, so it must
    /// select nothing personal.
    public var violations: String?

    public init(warning: String, violations: String? = nil) {
      self.warning = warning
      self.violations = violations
    }
  }

  /// The oldest program that can work with the schema once a migration was applied.
  public struct OldestProgram: Hashable, Sendable {
    /// The newest version of the module's schema that it knows.
    public var schemaVersion: String
    /// Its release, for people.
    public var release: String

    public init(schemaVersion: String, release: String) {
      self.schemaVersion = schemaVersion
      self.release = release
    }
  }

  /// Numbers with dots, such as `1.10`, compared number by number.
  public let version: String
  public let name: String
  /// Any number of statements; run in one transaction, so it must not hold its own `begin` or `commit`.
  public let sql: String
  /// Set when the service can start without it: if the rows violate its constraint (SQLSTATE class 23), a warning is
  /// logged and it is tried again at the next start.
  public let tolerance: Tolerance?
  /// Set when programs that do not know this migration cannot all go on with it, as after a column was dropped that
  /// some of them read. They refuse to start then. Nil for what changes nothing for them: new tables and indexes, and
  /// columns that may be null or have a default. Old and new programs run side by side in a roll-out, and either may
  /// be rolled back, so what old ones use is best dropped a release after the last program that uses it.
  public let oldestProgram: OldestProgram?

  public init(
    version: String,
    name: String,
    sql: String,
    tolerance: Tolerance? = nil,
    oldestProgram: OldestProgram? = nil
  ) {
    self.oldestProgram = oldestProgram
    self.version = version
    self.name = name
    self.sql = sql
    self.tolerance = tolerance
  }
}

/// Which migrations of a module a Flyway history stands for: the database was made by the service it replaces.
public struct FlywayBaseline: Hashable, Sendable {
  /// Versions that the history may hold for this module.
  public var versions: [String]
  /// A table of the module. Only where it exists does the history belong to this module.
  public var markerTable: String

  public init(versions: [String], markerTable: String) {
    self.versions = versions
    self.markerTable = markerTable
  }
}

/// What a ``Migrator`` would find in a database and do to it.
public struct MigrationOutlook: Sendable {
  /// Whether the gateway's own history has entries of the module.
  public let isAdopted: Bool
  /// What Flyway has applied; nil where it never worked, or for another module only.
  public let flywayVersions: [String]?
  /// Applied by a newer program, which left it so that this one can go on: version and name.
  public let newer: [String]
  /// Recorded as applied without being run, because Flyway applied them.
  public let recognised: [Migration]
  /// To be run, in order.
  public let pending: [Migration]
}

/// Why a database cannot be migrated. The texts are for operators and hold no data.
public enum MigrationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The history and the module's list do not agree; all disagreements, one sentence each.
  case refused(module: String, reasons: [String])
  /// A migration failed and was rolled back; the ones before it stay.
  case failed(module: String, version: String, name: String, cause: PostgresError)

  public var description: String {
    switch self {
    case .refused(let module, let reasons):
      "The database schema of \(module) is not as expected: \(reasons.joined(separator: " "))"
    case .failed(let module, let version, let name, let cause):
      "Migration \(version) (\(name)) of \(module) failed and was rolled back: \(cause)"
    }
  }
}
