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

    /// - Parameters:
    ///   - warning: what is missing, and what a person has to do.
    ///   - violations: a query for the identifiers of the rows in the way; nothing personal.
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

    /// - Parameters:
    ///   - schemaVersion: the newest that the oldest program knows.
    ///   - release: that program's, for people.
    public init(schemaVersion: String, release: String) {
      self.schemaVersion = schemaVersion
      self.release = release
    }
  }

  /// An index or a trigger on a table of the service replaced. A restore of that service's dump replaces the table without
  /// it, while the history goes on saying that the migration was applied (docs/contract/adoption.md §2.5).
  public struct Addition: Hashable, Sendable {
    /// What it is, for people.
    public enum Kind: String, Sendable {
      case index, trigger
    }

    /// What it is.
    public var kind: Kind
    /// As the database knows it.
    public var name: String
    /// The table that it is on.
    public var table: String
    /// The statement that makes it.
    public var sql: String

    /// - Parameters:
    ///   - kind: what it is.
    ///   - name: as the database knows it.
    ///   - table: the table that it is on.
    ///   - sql: the statement that makes it.
    public init(_ kind: Kind, name: String, on table: String, sql: String) {
      (self.kind, self.name, self.table, self.sql) = (kind, name, table, sql)
    }
  }

  /// Numbers with dots, such as `1.10`, compared number by number.
  public let version: String
  /// What it does, for people and the history.
  public let name: String
  /// Any number of statements; run in one transaction, so it must not hold its own `begin` or `commit`.
  public let sql: String
  /// Set when the service can start without it: if the rows violate its constraint (SQLSTATE class 23), a warning is
  /// logged and it is retried at the next start.
  public let tolerance: Tolerance?
  /// Set when programs that do not know this migration cannot all go on with it, as after a column was dropped that
  /// some of them read. They refuse to start then. Nil for what changes nothing for them: new tables and indexes, and
  /// columns that may be null or have a default. Old and new programs run side by side in a roll-out, and either may
  /// be rolled back, so what old ones use is best dropped a release after the last program that uses it.
  public let oldestProgram: OldestProgram?
  /// Those that it makes on tables of the service replaced: they are made again when they are found to be missing.
  public let additions: [Addition]

  public init(
    version: String,
    name: String,
    sql: String,
    tolerance: Tolerance? = nil,
    oldestProgram: OldestProgram? = nil,
    additions: [Addition] = []
  ) {
    self.oldestProgram = oldestProgram
    self.additions = additions
    self.version = version
    self.name = name
    self.sql = sql
    self.tolerance = tolerance
  }
}
