/// Which migrations of a module a Flyway history stands for: the database was made by the service it replaces.
public struct FlywayBaseline: Hashable, Sendable {
  /// Versions that the history may hold for this module.
  public var versions: [String]
  /// A table of the module. Only where it exists does the history belong to this module.
  public var markerTable: String

  /// - Parameters:
  ///   - versions: what the history may hold for this module.
  ///   - markerTable: a table that only this module has.
  public init(versions: [String], markerTable: String) {
    self.versions = versions
    self.markerTable = markerTable
  }
}
