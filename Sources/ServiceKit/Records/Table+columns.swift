internal import Postgres
internal import Text
public import Time

/// The kinds of columns. Each takes its name, its type, by which name lists are sorted by it, and how its value is taken of
/// a row.
extension Table {
  /// The key that the database makes.
  public mutating func key(
    _ name: String,
    sort: Column<Row>.Sorting = .none,
    _ value: @escaping @Sendable (Row) -> Int64
  ) -> Field<Row, Int64> {
    column(
      name,
      .bigint,
      isGenerated: true,
      sort: sort,
      bind: { .int8(value($0)) },
      isSame: { value($0) == value($1) }
    )
  }

  /// A text that is never null.
  public mutating func text(
    _ name: String,
    _ type: Column<Row>.SQLType,
    sort: Column<Row>.Sorting = .none,
    _ value: @escaping @Sendable (Row) -> String
  ) -> Field<Row, String> {
    column(
      name,
      type,
      sort: sort,
      bind: { .text(value($0)) },
      isSame: { value($0).hasSameBytes(as: value($1)) }
    )
  }

  /// A text that may be null.
  public mutating func optionalText(
    _ name: String,
    _ type: Column<Row>.SQLType,
    sort: Column<Row>.Sorting = .none,
    _ value: @escaping @Sendable (Row) -> String?
  ) -> Field<Row, String?> {
    column(
      name,
      type,
      isNullable: true,
      sort: sort,
      bind: { .optional(value($0)) },
      isSame: { Self.isSame(value($0), value($1)) }
    )
  }

  private static func isSame(_ left: String?, _ right: String?) -> Bool {
    guard let left, let right else { return left == nil && right == nil }
    return left.hasSameBytes(as: right)
  }

  /// A code of the contract.
  public mutating func code<Known: Code & Equatable>(
    _ name: String,
    _ type: Column<Row>.SQLType,
    sort: Column<Row>.Sorting = .none,
    _ value: @escaping @Sendable (Row) -> StoredCode<Known>
  ) -> Field<Row, StoredCode<Known>> {
    column(
      name,
      type,
      sort: sort,
      codes: CodeList(Known.self),
      bind: { .text(value($0).rawValue) },
      isSame: { value($0) == value($1) }
    )
  }

  /// A code for which there are no words.
  public mutating func code<Known: Equatable>(
    _ name: String,
    _ type: Column<Row>.SQLType,
    sort: Column<Row>.Sorting = .none,
    _ value: @escaping @Sendable (Row) -> StoredCode<Known>
  ) -> Field<Row, StoredCode<Known>> {
    column(
      name,
      type,
      sort: sort,
      bind: { .text(value($0).rawValue) },
      isSame: { value($0) == value($1) }
    )
  }

  /// Something that follows from other columns: it is written and sorted by, not read.
  public mutating func derivedBoolean(
    _ name: String,
    sort: Column<Row>.Sorting = .none,
    _ value: @escaping @Sendable (Row) -> Bool
  ) -> Field<Row, Bool> {
    column(
      name,
      .boolean,
      isRead: false,
      sort: sort,
      bind: { .bool(value($0)) },
      isSame: { value($0) == value($1) }
    )
  }

  /// A `timestamptz`.
  public mutating func instant(
    _ name: String,
    sort: Column<Row>.Sorting = .none,
    _ value: @escaping @Sendable (Row) -> Timestamp
  ) -> Field<Row, Timestamp> {
    column(
      name,
      .timestamptz,
      sort: sort,
      bind: { .timestamp(value($0)) },
      isSame: { value($0) == value($1) }
    )
  }

  /// A `timestamptz` that may be null.
  public mutating func optionalInstant(
    _ name: String,
    sort: Column<Row>.Sorting = .none,
    _ value: @escaping @Sendable (Row) -> Timestamp?
  ) -> Field<Row, Timestamp?> {
    column(
      name,
      .timestamptz,
      isNullable: true,
      sort: sort,
      bind: { .optional(value($0)) },
      isSame: { value($0) == value($1) }
    )
  }

  /// A `timestamp` without a zone.
  public mutating func localTime(
    _ name: String,
    _ value: @escaping @Sendable (Row) -> LocalDateTime
  ) -> Field<Row, LocalDateTime> {
    column(
      name,
      .timestamp,
      bind: { .text(value($0).storedText) },
      isSame: { value($0) == value($1) }
    )
  }

  /// A `timestamp` without a zone that may be null.
  public mutating func optionalLocalTime(
    _ name: String,
    _ value: @escaping @Sendable (Row) -> LocalDateTime?
  ) -> Field<Row, LocalDateTime?> {
    column(
      name,
      .timestamp,
      isNullable: true,
      bind: { .optional(value($0)?.storedText) },
      isSame: { value($0) == value($1) }
    )
  }

  private mutating func column<Value>(
    _ name: String,
    _ type: Column<Row>.SQLType,
    isNullable: Bool = false,
    isGenerated: Bool = false,
    isRead: Bool = true,
    sort: Column<Row>.Sorting = .none,
    codes: CodeList? = nil,
    bind: @escaping @Sendable (Row) -> PostgresValue,
    isSame: @escaping @Sendable (Row, Row) -> Bool
  ) -> Field<Row, Value> {
    let field = Field<Row, Value>(position: readCount)
    add(
      Column(
        name: name,
        type: type,
        isNullable: isNullable,
        isGenerated: isGenerated,
        isRead: isRead,
        sorting: sort,
        codes: codes,
        bind: bind,
        isSame: isSame
      )
    )
    return field
  }
}
