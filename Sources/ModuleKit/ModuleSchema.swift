public import Postgres

/// The tables of a module: how they are made, how those of the service replaced are recognised, and what taking these
/// over depends on.
public struct ModuleSchema: Sendable {
  public let migrations: [Migration]
  /// What stands for a database that Flyway has made; nil for a module that replaces no service.
  public let baseline: FlywayBaseline?
  /// What `gateway adopt` looks at; nil for a module that replaces no service.
  public let adoption: Adoption?

  public init(migrations: [Migration], baseline: FlywayBaseline? = nil, adoption: Adoption? = nil) {
    self.migrations = migrations
    self.baseline = baseline
    self.adoption = adoption
  }
}
