import Postgres

/// Two prisoners have at most one open non-association, whichever of them is first: the database decides between two
/// callers (docs/contract/non-associations.md §14 row 5).
enum OpenPair {
  /// The unique index that keeps the rule.
  static let indexName = "non_association_open_pair_idx"

  /// Runs a change that may make a second open non-association of a pair.
  /// - Throws: `taken` where the index refuses it; whatever else `body` throws.
  static func guarded<Value>(
    by taken: NonAssociationsError,
    _ body: () async throws -> Value
  ) async throws -> Value {
    do {
      return try await body()
    } catch let error as PostgresError
      where error.kind == .uniqueViolation && error.constraint == indexName
    {
      throw taken
    }
  }
}
