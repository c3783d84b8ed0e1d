public import Postgres
public import Time

/// A row whose values are read one by one: whatever a column of the expected type can hold is read. A value that no
/// answer can hold is noted in ``MisfitValues``, and loses neither the row nor the list that it is in. Only a column of
/// another type is an error.
public struct LenientRow {
  /// What tells a row from others.
  public enum Key: Sendable {
    /// The column of its number.
    case id(Int)
    /// The column of the prisoner whose row it is.
    case prisoner(Int)
  }

  private let row: PostgresRow
  private let start: Int
  private let table: StaticString
  private let key: Key
  private let misfits: MisfitValues

  /// - Parameters:
  ///   - start: the position in `row` from which columns are counted, those of `key` too.
  ///   - table: as the log and the metric name it.
  public init(
    _ row: PostgresRow,
    from start: Int = 0,
    of table: StaticString,
    key: Key,
    misfits: MisfitValues
  ) {
    self.row = row
    self.start = start
    self.table = table
    self.key = key
    self.misfits = misfits
  }

  /// Whether the column is null.
  /// - Throws: `PostgresError`, as all of the readers do: for a column that is not there, or not of the type asked for.
  public func isNull(_ column: Int) throws(PostgresError) -> Bool { try row.isNull(start + column) }

  public func integer(_ column: Int) throws(PostgresError) -> Int64 { try row.int64(start + column) }

  /// A text; the empty one for null.
  public func text(_ column: Int) throws(PostgresError) -> String {
    if let text = try row.optionalText(start + column) { return text }
    try note(column)
    return ""
  }

  /// A text; nil for null.
  public func optionalText(_ column: Int) throws(PostgresError) -> String? {
    try row.optionalText(start + column)
  }

  /// A code; an unknown one is its own text.
  @inlinable public func code<Known>(_ column: Int) throws(PostgresError) -> StoredCode<Known> {
    let code = StoredCode<Known>(try text(column))
    if code.known == nil { try note(column) }
    return code
  }

  /// A `timestamptz`, as it is stored; the earliest that can be shown for null.
  public func instant(_ column: Int) throws(PostgresError) -> Timestamp {
    if let instant = try optionalInstant(column) { return instant }
    try note(column)
    return Timestamp(seconds: LocalDateTime.earliest.wallSeconds)
  }

  /// A `timestamptz`, as it is stored; nil for null.
  public func optionalInstant(_ column: Int) throws(PostgresError) -> Timestamp? {
    guard let instant = try row.optionalTimestamp(start + column) else { return nil }
    // The offset of the years in question is a minute at most, which is not worth a look into the zone's table.
    if !LocalDateTime(asThoughUTC: instant).isShowable { try note(column) }
    return instant
  }

  /// A `timestamp` without a zone, as it is stored; the earliest that can be shown for null.
  public func local(_ column: Int) throws(PostgresError) -> LocalDateTime {
    if let local = try optionalLocal(column) { return local }
    try note(column)
    return .earliest
  }

  /// A `timestamp` without a zone, as it is stored; nil for null.
  public func optionalLocal(_ column: Int) throws(PostgresError) -> LocalDateTime? {
    guard let time = try row.optionalLocalTimestamp(start + column) else { return nil }
    let local = LocalDateTime(asThoughUTC: time)
    if !local.isShowable { try note(column) }
    return local
  }

  @usableFromInline func note(_ column: Int) throws(PostgresError) {
    let of: MisfitValues.Row
    switch key {
    case .id(let column): of = .id(try row.int64(start + column))
    case .prisoner(let column): of = .prisoner(try row.text(start + column))
    }
    misfits.note(table: table.description, column: row.columnName(start + column), row: of)
  }
}
