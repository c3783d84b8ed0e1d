public import Time

/// What a statement returned. The values stay in libpq's own result, which is freed with the last copy of this, so
/// nothing is copied that nobody asks for.
public struct PostgresRows: RandomAccessCollection, Sendable {
  private let result: PostgresResult

  init(_ result: PostgresResult) { self.result = result }

  public var startIndex: Int { 0 }
  public var endIndex: Int { result.rowCount }

  /// A row by its position. The getters of a row that does not exist throw.
  public subscript(position: Int) -> PostgresRow { PostgresRow(result: result, index: position) }

  /// How many rows the statement inserted, changed, deleted or returned.
  public var affectedRows: Int { result.affectedRows }

  /// What the server says it has done, such as `INSERT 0 1`.
  public var commandTag: String { result.commandTag }
}

/// One row. Columns are counted from 0, in the order of the select list. Every getter throws a `PostgresError` of
/// kind `.unexpectedData` when there is no such column, when it has another type, or when it is null and the getter
/// is not an optional one.
public struct PostgresRow: Sendable {
  let result: PostgresResult
  let index: Int

  /// How many columns the row has.
  public var count: Int { result.columnCount }

  /// What the select list calls a column; `?` if there is no such column.
  public func columnName(_ column: Int) -> String {
    column >= 0 && column < result.columnCount ? result.columnName(column) : "?"
  }

  /// Whether the column is null.
  public func isNull(_ column: Int) throws(PostgresError) -> Bool { try field(column) == nil }

  /// A `smallint`, `integer`, `bigint` or `oid`.
  public func int64(_ column: Int) throws(PostgresError) -> Int64 {
    guard let value = try optionalInt64(column) else { throw unexpectedNull(column) }
    return value
  }

  /// `int64`, or nil for null.
  public func optionalInt64(_ column: Int) throws(PostgresError) -> Int64? {
    guard let bytes = try field(column) else { return nil }
    switch (result.type(column), bytes.count) {
    case (.int8, 8): return Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
    case (.int4, 4): return Int64(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
    case (.int2, 2): return Int64(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self)))
    case (.oid, 4): return Int64(UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self)))
    default: throw mismatch(column, "an integer")
    }
  }

  /// A `text`, `varchar`, enumerated, `json` or `jsonb` value, or one of any other type whose binary form is text.
  public func text(_ column: Int) throws(PostgresError) -> String {
    guard let value = try optionalText(column) else { throw unexpectedNull(column) }
    return value
  }

  /// `text`, or nil for null.
  public func optionalText(_ column: Int) throws(PostgresError) -> String? {
    guard let bytes = try field(column) else { return nil }
    let type = result.type(column)
    guard !type.isBinary else { throw mismatch(column, "a text") }
    guard type == .jsonb else { return String(decoding: bytes, as: UTF8.self) }
    guard bytes.first == 1 else { throw mismatch(column, "version 1 of jsonb") }
    return String(decoding: bytes.dropFirst(), as: UTF8.self)
  }

  /// A `boolean`.
  public func bool(_ column: Int) throws(PostgresError) -> Bool {
    guard let value = try optionalBool(column) else { throw unexpectedNull(column) }
    return value
  }

  /// `bool`, or nil for null.
  public func optionalBool(_ column: Int) throws(PostgresError) -> Bool? {
    guard let bytes = try field(column) else { return nil }
    guard result.type(column) == .bool, bytes.count == 1 else { throw mismatch(column, "a boolean") }
    return bytes[0] != 0
  }

  /// A `timestamptz`. `infinity` and `-infinity` are `Timestamp(microseconds: .max)` and `.min`.
  public func timestamp(_ column: Int) throws(PostgresError) -> Timestamp {
    guard let value = try optionalTimestamp(column) else { throw unexpectedNull(column) }
    return value
  }

  /// `timestamp`, or nil for null.
  public func optionalTimestamp(_ column: Int) throws(PostgresError) -> Timestamp? {
    try time(column, of: .timestamptz, "a timestamp with time zone")
  }

  /// A `timestamp` without a zone, as though it were of UTC, or nil for null; the infinities as with `timestamp`.
  public func optionalLocalTimestamp(_ column: Int) throws(PostgresError) -> Timestamp? {
    try time(column, of: .timestamp, "a timestamp without time zone")
  }

  private func time(_ column: Int, of type: TypeID, _ wanted: String) throws(PostgresError) -> Timestamp? {
    guard let bytes = try field(column) else { return nil }
    guard result.type(column) == type, bytes.count == 8 else { throw mismatch(column, wanted) }
    return BinaryTime.decode(Int64(bigEndian: bytes.loadUnaligned(as: Int64.self)))
  }

  /// A `bytea`.
  public func bytes(_ column: Int) throws(PostgresError) -> [UInt8] {
    guard let value = try optionalBytes(column) else { throw unexpectedNull(column) }
    return value
  }

  /// `bytes`, or nil for null.
  public func optionalBytes(_ column: Int) throws(PostgresError) -> [UInt8]? {
    guard let bytes = try field(column) else { return nil }
    guard result.type(column) == .bytea else { throw mismatch(column, "a bytea") }
    return Array(bytes)
  }

  /// A `text[]` or `varchar[]` of one dimension, without nulls.
  public func textArray(_ column: Int) throws(PostgresError) -> [String] {
    let type = result.type(column)
    guard let bytes = try field(column) else { throw unexpectedNull(column) }
    guard type == .textArray || type == .varcharArray,
      let texts = BinaryArray.elements(of: bytes, { String(decoding: $0, as: UTF8.self) })
    else { throw mismatch(column, "a one-dimensional array of texts without nulls") }
    return texts
  }

  /// A `bigint[]` of one dimension, without nulls.
  public func int64Array(_ column: Int) throws(PostgresError) -> [Int64] {
    let type = result.type(column)
    guard let bytes = try field(column) else { throw unexpectedNull(column) }
    guard type == .int8Array,
      let values = BinaryArray.elements(
        of: bytes,
        { $0.count == 8 ? Int64(bigEndian: $0.loadUnaligned(as: Int64.self)) : nil }
      )
    else { throw mismatch(column, "a one-dimensional array of bigint without nulls") }
    return values
  }

  // MARK: Access

  /// The bytes, nil for null. They stay valid while `result`, and so this row, lives.
  private func field(_ column: Int) throws(PostgresError) -> UnsafeRawBufferPointer? {
    guard index >= 0, index < result.rowCount else {
      throw PostgresError(.unexpectedData, detail: "no row \(index) among \(result.rowCount)")
    }
    guard column >= 0, column < result.columnCount else {
      throw PostgresError(.unexpectedData, detail: "no column \(column) among \(result.columnCount)")
    }
    return result.field(row: index, column: column)
  }

  private func unexpectedNull(_ column: Int) -> PostgresError {
    PostgresError(.unexpectedData, detail: "column \(column) (\(result.columnName(column))) is null")
  }

  private func mismatch(_ column: Int, _ wanted: String) -> PostgresError {
    PostgresError(
      .unexpectedData,
      detail:
        "column \(column) (\(result.columnName(column)), type \(result.type(column).rawValue)) is not \(wanted)"
    )
  }
}
