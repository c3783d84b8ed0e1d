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
