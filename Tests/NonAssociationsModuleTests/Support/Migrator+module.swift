import Logging
import Postgres

@testable import NonAssociationsModule

extension Migrator {
  /// Of the module's own tables.
  static func nonAssociations(_ logger: Logger = Logger(label: "migrations")) -> Migrator {
    Migrator(
      module: "non-associations",
      migrations: NonAssociationsModule.migrations,
      baseline: NonAssociationsModule.baseline,
      logger: logger
    )
  }
}
