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
