public import Postgres
public import Time

/// One column of a record: where it stands in the select list. A ``Table`` makes it.
public struct Field<Row, Value>: Sendable {
  /// Counted from the first column of the select list.
  public let position: Int
}

// What a stored value becomes that no answer can hold, is said in `LenientRow`.
extension Field {
  /// A number.
  @inlinable public func callAsFunction(_ row: LenientRow) throws(PostgresError) -> Int64
  where Value == Int64 { try row.integer(position) }

  /// A text; the empty one for null.
  @inlinable public func callAsFunction(_ row: LenientRow) throws(PostgresError) -> String
  where Value == String { try row.text(position) }

  /// A text, or nil for null.
  @inlinable public func callAsFunction(_ row: LenientRow) throws(PostgresError) -> String?
  where Value == String? { try row.optionalText(position) }

  /// A code; one that this release does not know is its own text.
  @inlinable public func callAsFunction<Known>(_ row: LenientRow) throws(PostgresError) -> StoredCode<Known>
  where Value == StoredCode<Known> { try row.code(position) }

  /// A `timestamptz`; the earliest that can be shown for null.
  @inlinable public func callAsFunction(_ row: LenientRow) throws(PostgresError) -> Timestamp
  where Value == Timestamp { try row.instant(position) }

  /// A `timestamptz`, or nil for null.
  @inlinable public func callAsFunction(_ row: LenientRow) throws(PostgresError) -> Timestamp?
  where Value == Timestamp? { try row.optionalInstant(position) }

  /// A `timestamp`; the earliest that can be shown for null.
  @inlinable public func callAsFunction(_ row: LenientRow) throws(PostgresError) -> LocalDateTime
  where Value == LocalDateTime { try row.local(position) }

  /// A `timestamp`, or nil for null.
  @inlinable public func callAsFunction(_ row: LenientRow) throws(PostgresError) -> LocalDateTime?
  where Value == LocalDateTime? { try row.optionalLocal(position) }

  /// Whether the column is null.
  @inlinable public func isNull(_ row: LenientRow) throws(PostgresError) -> Bool {
    try row.isNull(position)
  }
}
