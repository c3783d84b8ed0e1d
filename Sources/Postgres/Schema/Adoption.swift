/// What taking over the database of a replaced service depends on, as a module declares it for ``AdoptionCheck``.
public struct Adoption: Sendable {
  /// A column that the module reads and writes.
  public struct Column: Hashable, Sendable {
    /// Its name in the table.
    public var name: String
    /// As PostgreSQL's `format_type` writes it, such as `character varying(7)`.
    public var type: String
    /// Whether it may be null.
    public var isNullable: Bool

    /// - Parameter type: as PostgreSQL's `format_type` writes it.
    public init(_ name: String, _ type: String, isNullable: Bool = false) {
      self.name = name
      self.type = type
      self.isNullable = isNullable
    }
  }

  /// What must be so of all rows.
  public struct Invariant: Sendable {
    /// What is found where it is not so: `pairs of prisoners with …`.
    public var violation: String
    /// What a person has to do about it: `Close …`.
    public var cure: String
    /// Selects a text for each violation, which is shown: ids or row addresses (`ctid`), nothing personal.
    public var sql: String

    /// - Parameters:
    ///   - violation: what is found where it is not so.
    ///   - cure: what a person has to do about it.
    ///   - sql: selects a text for each violation, nothing personal.
    public init(_ violation: String, cure: String, sql: String) {
      self.violation = violation
      self.cure = cure
      self.sql = sql
    }
  }

  /// What a migration does to a table that has rows. One that is not named touches none of it.
  public struct Step: Sendable {
    /// Of the migration.
    public var version: String
    /// Who waits meanwhile.
    public var waits: String
    /// The indexes that are built, each as an `order by` of the table has it.
    public var orders: [String]

    /// - Parameters:
    ///   - version: of the migration.
    ///   - waits: who waits meanwhile.
    ///   - orders: the indexes that are built, each as an `order by` has it.
    public init(version: String, waits: String, orders: [String]) {
      self.version = version
      self.waits = waits
      self.orders = orders
    }
  }

  /// The table of the service replaced.
  public var table: String
  /// All that the module reads or writes; others may be there.
  public var columns: [Column]
  /// What must be so of all rows.
  public var invariants: [Invariant]
  /// What migrations do to the table; those that are not named touch none of it.
  public var steps: [Step]

  /// - Parameters:
  ///   - table: of the service replaced.
  ///   - columns: all that the module reads or writes.
  ///   - invariants: what must be so of all rows.
  ///   - steps: what migrations do to the table.
  public init(table: String, columns: [Column], invariants: [Invariant], steps: [Step] = []) {
    self.table = table
    self.columns = columns
    self.invariants = invariants
    self.steps = steps
  }
}

/// What an ``AdoptionCheck`` found.
public struct AdoptionReport: Equatable, Sendable {
  /// What a line means for the one who reads it.
  public enum Kind: String, Sendable {
    /// As it should be.
    case good = "ok"
    /// Worth knowing.
    case note
    /// To be put right before the switch.
    case problem
    /// What the migrations will do.
    case will
  }

  /// One thing that was found, in a sentence.
  public struct Line: Equatable, Sendable {
    public var kind: Kind
    public var text: String

    /// - Parameter text: a sentence.
    public init(_ kind: Kind, _ text: String) { (self.kind, self.text) = (kind, text) }
  }

  /// In the order in which it was looked.
  public private(set) var lines: [Line] = []

  /// How many lines must be put right before the switch.
  public var problems: Int { lines.count { $0.kind == .problem } }

  mutating func add(_ kind: Kind, _ text: String) { lines.append(Line(kind, text)) }
}
