internal import CLibPQ
public import EventLoops

/// The rows of an answer, in binary form, read where libpq put them.
///
/// `@unchecked Sendable`: a `PGresult` never changes once libpq has handed it over, and only this object refers to it;
/// it is freed with the object.
public final class PostgresRows: @unchecked Sendable {
  private let result: OpaquePointer

  init(_ result: OpaquePointer) { self.result = result }

  deinit { PQclear(result) }

  /// Rows in the answer.
  public var count: Int { Int(PQntuples(result)) }
  public var isEmpty: Bool { count == 0 }

  /// What the server says it did: `SELECT 3`, `COMMIT`, `ROLLBACK`.
  var commandTag: String { String(cString: PQcmdStatus(result)) }

  /// Rows that an INSERT, UPDATE or DELETE affected.
  public var affectedRows: Int { Int(String(cString: PQcmdTuples(result))) ?? 0 }

  /// The row at `index`, from 0. Past the end its getters throw.
  public subscript(index: Int) -> PostgresRow { PostgresRow(rows: self, index: Int32(clamping: index)) }

  public var first: PostgresRow? { isEmpty ? nil : self[0] }

  /// What `transform` makes of each row, in order.
  public func map<Element, Failure: Error>(
    _ transform: (PostgresRow) throws(Failure) -> Element
  ) throws(Failure) -> [Element] {
    var elements: [Element] = []
    elements.reserveCapacity(count)
    for index in 0..<Int32(clamping: count) {
      elements.append(try transform(PostgresRow(rows: self, index: index)))
    }
    return elements
  }

  /// Calls `body` with a column's bytes and type; nil stands for null. The bytes live only as long as the call.
  func withColumn<Result>(
    _ row: Int32,
    _ column: Int,
    _ body: (UnsafeRawBufferPointer?, UInt32) throws(PostgresError) -> Result
  ) throws(PostgresError) -> Result {
    guard row >= 0, row < PQntuples(result), column >= 0, column < Int(PQnfields(result)) else {
      throw PostgresError(.unexpectedRow, message: "no row \(row) or no column \(column)")
    }
    let column = Int32(column)
    let type = PQftype(result, column)
    guard PQgetisnull(result, row, column) == 0 else { return try body(nil, type) }
    guard PQfformat(result, column) == 1, let start = PQgetvalue(result, row, column) else {
      throw PostgresError(.unexpectedRow, message: "column \(column) is not binary")
    }
    return try body(UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(result, row, column))), type)
  }
}

/// One row. Getters take a column's index from 0; each throws `PostgresError` of kind `unexpectedRow` when the column
/// is not there, is null where it must not be, or has another type.
public struct PostgresRow: Sendable {
  let rows: PostgresRows
  let index: Int32

  public func isNull(_ column: Int) throws(PostgresError) -> Bool {
    try rows.withColumn(index, column) { bytes, _ in bytes == nil }
  }

  /// A `smallint`, `integer` or `bigint`.
  public func int64(_ column: Int) throws(PostgresError) -> Int64 {
    try required(column, try optionalInt64(column))
  }

  public func optionalInt64(_ column: Int) throws(PostgresError) -> Int64? {
    try rows.withColumn(index, column) { (bytes, type) throws(PostgresError) in
      guard let bytes else { return nil }
      switch (type, bytes.count) {
      case (TypeOID.int8, 8): return Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
      case (TypeOID.int4, 4): return Int64(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
      case (TypeOID.int2, 2): return Int64(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self)))
      default: throw Self.wrongType(column, type)
      }
    }
  }

  /// A text of any character type, or the bytes of `json`, `name` and the like, which are text in binary form too.
  public func text(_ column: Int) throws(PostgresError) -> String {
    try required(column, try optionalText(column))
  }

  public func optionalText(_ column: Int) throws(PostgresError) -> String? {
    try rows.withColumn(index, column) { bytes, _ in bytes.map { String(decoding: $0, as: UTF8.self) } }
  }

  public func bool(_ column: Int) throws(PostgresError) -> Bool {
    let value: Bool? = try rows.withColumn(index, column) { (bytes, type) throws(PostgresError) in
      guard let bytes else { return nil }
      guard type == TypeOID.bool, bytes.count == 1 else { throw Self.wrongType(column, type) }
      return bytes[0] != 0
    }
    return try required(column, value)
  }

  /// A `timestamptz`.
  public func timestamp(_ column: Int) throws(PostgresError) -> Timestamp {
    try required(column, try optionalTimestamp(column))
  }

  public func optionalTimestamp(_ column: Int) throws(PostgresError) -> Timestamp? {
    try rows.withColumn(index, column) { (bytes, type) throws(PostgresError) in
      guard let bytes else { return nil }
      guard type == TypeOID.timestamptz, bytes.count == 8 else { throw Self.wrongType(column, type) }
      let since2000 = Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
      let (microseconds, overflow) = since2000.addingReportingOverflow(postgresEpochMicroseconds)
      return Timestamp(microseconds: overflow ? .max : microseconds)
    }
  }

  public func bytes(_ column: Int) throws(PostgresError) -> [UInt8] {
    try required(column, try rows.withColumn(index, column) { bytes, _ in bytes.map { Array($0) } })
  }

  private func required<Value>(_ column: Int, _ value: Value?) throws(PostgresError) -> Value {
    guard let value else { throw PostgresError(.unexpectedRow, message: "column \(column) is null") }
    return value
  }

  private static func wrongType(_ column: Int, _ type: UInt32) -> PostgresError {
    PostgresError(.unexpectedRow, message: "column \(column) has type \(type)")
  }
}
