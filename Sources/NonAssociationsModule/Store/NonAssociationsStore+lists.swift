import Postgres
import ServiceKit
internal import Time

extension StateFilter {
  /// A literal condition rather than a parameter, so that the planner can use the indexes of open and of closed rows.
  var condition: String {
    includeOpen && includeClosed ? "true" : includeOpen ? "not is_closed" : "is_closed"
  }

  /// Tells the prepared statements of each filter apart.
  var suffix: String { includeOpen && includeClosed ? "all" : includeOpen ? "open" : "closed" }
}

extension NonAssociationsStore {
  /// Whether both prisoners of a row must be asked for, or one is enough.
  enum Involvement: String {
    case between, involving
  }

  /// Each asked number is one probe of an index, however many there are; a condition with the list on both columns
  /// would be as many probes as there are pairs.
  static func list(_ involvement: Involvement, _ filter: StateFilter) -> PostgresStatement {
    let rows =
      switch involvement {
      case .between:
        """
        select na.* from asked join non_association na on na.first_prisoner_number = asked.number
        where na.second_prisoner_number in (select number from asked) and \(filter.condition)
        """
      case .involving:
        """
        select na.* from asked join non_association na on na.first_prisoner_number = asked.number
        where \(filter.condition)
        union all
        select na.* from asked join non_association na on na.second_prisoner_number = asked.number
        where na.first_prisoner_number not in (select number from asked) and \(filter.condition)
        """
      }
    return PostgresStatement(
      name: "non_associations_\(involvement.rawValue)_\(filter.suffix)",
      sql: """
        with asked as materialized (select distinct number from unnest($1::text[]) number)
        select \(NonAssociation.record.table.selected) from (\(rows)) rows order by id
        """
    )
  }

  /// The rows between the prisoners, or involving any of them, by id.
  func list(
    _ involvement: Involvement,
    _ numbers: [String],
    _ filter: StateFilter,
    deadline: MonotonicInstant
  ) async throws -> [NonAssociation] {
    try nonAssociations(
      await database.query(Self.list(involvement, filter), [.textArray(numbers)], deadline: deadline)
    )
  }
}
