import Postgres
import ServiceKit
internal import Time

extension StateFilter {
  /// What it takes of a block's counts.
  fileprivate var counted: String {
    includeOpen && includeClosed ? "open_rows + closed_rows" : includeOpen ? "open_rows" : "closed_rows"
  }
}

/// Pages and how many rows they have, which is always exact: by the counts that triggers keep, or by counting while there
/// are none (docs/decisions/0022-counts-by-triggers.md).
extension NonAssociationsStore {
  /// Common table expressions: the blocks of ids with how many rows each has, none while they are not kept; and all rows,
  /// null then.
  private static func blocks(_ filter: StateFilter) -> String {
    """
    with blocks as materialized (
      select block, sum(rows)::bigint as rows from (
        select block, \(filter.counted) as rows from non_association_count
        union all
        select block, \(filter.counted) from non_association_count_change
      ) parts where \(areCounted) and \(areCounting) group by block
    ), total as materialized (
      select sum(rows)::bigint as total from blocks
    )
    """
  }

  static func count(_ filter: StateFilter) -> PostgresStatement {
    PostgresStatement(
      name: "non_associations_count_\(filter.suffix)",
      sql: "\(blocks(filter)) select total from total"
    )
  }

  /// For as long as no counts are kept, and for a table that has none.
  static func countRows(_ filter: StateFilter) -> PostgresStatement {
    PostgresStatement(
      name: "non_associations_count_rows_\(filter.suffix)",
      sql: "select count(*) from non_association where \(filter.condition)"
    )
  }

  /// By id. The counts lead to the block in which the page begins, so a page deep down costs little more than the first;
  /// of the block, no more than its part of an index is read. Totals and rows are of one moment. Without counts there is
  /// one row of nothing.
  static func pageByID(_ filter: StateFilter, _ direction: SortDirection) -> PostgresStatement {
    let bits = NonAssociationsModule.countBlockBits
    let (suffix, down, isFrom, edge) =
      switch direction {
      case .ascending: ("", "", ">=", "block << \(bits)")
      case .descending: ("_backwards", " desc", "<=", "((block + 1) << \(bits)) - 1")
      }
    return PostgresStatement(
      name: "non_associations_page_\(filter.suffix)\(suffix)",
      sql: """
        \(blocks(filter)), place as materialized (
          select \(edge) as edge, $2 - before as skipped from (
            select block, rows, sum(rows) over (order by block\(down))::bigint - rows as before from blocks
          ) running where before <= $2 and $2 < before + rows
        ), first as materialized (
          select id from non_association
          where \(filter.condition) and id \(isFrom) (select edge from place)
          order by id\(down) offset (select skipped from place) limit 1
        )
        select page.*, total.total from total left join (
          select \(NonAssociation.record.table.selected) from non_association
          where \(filter.condition) and id \(isFrom) (select id from first) order by id\(down) limit $1
        ) page on true order by page.id\(down)
        """
    )
  }

  /// Not prepared: callers may combine orders without end.
  static func page(_ request: PageRequest) -> PostgresStatement {
    PostgresStatement(
      name: "non_associations_page",
      sql: """
        select \(NonAssociation.record.table.selected) from non_association where \(request.filter.condition)
        order by \(request.orders.map { $0.sql }.joined(separator: ", ")) limit $1 offset $2
        """,
      isPrepared: false
    )
  }

  func page(_ request: PageRequest, deadline: MonotonicInstant) async throws -> Page {
    if let direction = request.directionByID,
      let page = try await pageByID(request, direction, deadline: deadline)
    {
      return page
    }
    // Counts first, because nothing needs to be read beyond the end.
    let total = try await count(request.filter, deadline: deadline)
    guard request.offset < total else { return Page(items: [], total: total, request: request) }
    let rows = try await database.query(
      Self.page(request),
      [.int8(request.size), .int8(request.offset)],
      deadline: deadline
    )
    return Page(items: try nonAssociations(rows), total: total, request: request)
  }

  private func count(_ filter: StateFilter, deadline: MonotonicInstant) async throws -> Int64 {
    let kept = try await database.query(Self.count(filter), deadline: deadline)
    if let total = try kept.first?.optionalInt64(0) { return total }
    return try await database.query(Self.countRows(filter), deadline: deadline).first?.int64(0) ?? 0
  }

  /// - Returns: nil while no counts are kept.
  private func pageByID(
    _ request: PageRequest,
    _ direction: SortDirection,
    deadline: MonotonicInstant
  ) async throws -> Page? {
    let rows = try await database.query(
      Self.pageByID(request.filter, direction),
      [.int8(request.size), .int8(request.offset)],
      deadline: deadline
    )
    guard let first = rows.first, let total = try first.optionalInt64(first.count - 1) else { return nil }
    // A page without rows is one row that has nothing but the total.
    let items = try nonAssociations(rows.filter { try !$0.isNull(0) })
    return Page(items: items, total: total, request: request)
  }
}
