public import EventLoops

/// A parameter of a statement, sent in PostgreSQL's binary format.
public enum PostgresValue: Hashable, Sendable {
  /// Null of whatever type the server infers.
  case null
  case int8(Int64)
  case text(String)
  case bool(Bool)
  /// `timestamptz`.
  case timestamp(Timestamp)
  /// `text[]`, for `= any($1)`.
  case textArray([String])
  /// `bigint[]`, for `= any($1)`.
  case int8Array([Int64])
  /// `bytea`.
  case bytes([UInt8])

  /// Null for nil.
  public static func optional(_ text: String?) -> PostgresValue { text.map { .text($0) } ?? .null }
  /// Null for nil.
  public static func optional(_ time: Timestamp?) -> PostgresValue { time.map { .timestamp($0) } ?? .null }
}

/// Type numbers of `pg_type`.
enum TypeOID {
  static let bool: UInt32 = 16
  static let bytea: UInt32 = 17
  static let int8: UInt32 = 20
  static let int2: UInt32 = 21
  static let int4: UInt32 = 23
  static let text: UInt32 = 25
  static let int8Array: UInt32 = 1016
  static let textArray: UInt32 = 1009
  static let timestamptz: UInt32 = 1184
}

/// Microseconds from 1970-01-01 to 2000-01-01, where PostgreSQL's binary timestamps start.
let postgresEpochMicroseconds: Int64 = 946_684_800_000_000

extension PostgresValue {
  /// The type declared to the server; 0 lets it infer one.
  var typeOID: UInt32 {
    switch self {
    case .null: 0
    case .int8: TypeOID.int8
    case .text: TypeOID.text
    case .bool: TypeOID.bool
    case .timestamp: TypeOID.timestamptz
    case .textArray: TypeOID.textArray
    case .int8Array: TypeOID.int8Array
    case .bytes: TypeOID.bytea
    }
  }

  /// The binary form; nil for null.
  /// - Throws: `PostgresError` of kind `invalidText` for a text with a NUL, which PostgreSQL cannot store.
  func encoded() throws(PostgresError) -> [UInt8]? {
    switch self {
    case .null: return nil
    case .int8(let value): return Self.bigEndian(value)
    case .text(let value): return try Self.utf8(value)
    case .bool(let value): return [value ? 1 : 0]
    case .timestamp(let value):
      let (shifted, overflow) = value.microseconds.subtractingReportingOverflow(postgresEpochMicroseconds)
      return Self.bigEndian(overflow ? .min : shifted)
    case .bytes(let value): return value
    case .int8Array(let values):
      var bytes = Self.arrayHeader(count: values.count, elementType: TypeOID.int8)
      for value in values { bytes += Self.bigEndian(Int32(8)) + Self.bigEndian(value) }
      return bytes
    case .textArray(let values):
      var bytes = Self.arrayHeader(count: values.count, elementType: TypeOID.text)
      for value in values {
        let text = try Self.utf8(value)
        bytes += Self.bigEndian(Int32(clamping: text.count)) + text
      }
      return bytes
    }
  }

  private static func utf8(_ text: String) throws(PostgresError) -> [UInt8] {
    let bytes = Array(text.utf8)
    if bytes.contains(0) {
      throw PostgresError(.invalidText, message: "a text parameter contains a NUL character")
    }
    return bytes
  }

  /// One dimension from index 1, no nulls (PostgreSQL's `array_send`).
  private static func arrayHeader(count: Int, elementType: UInt32) -> [UInt8] {
    if count == 0 { return bigEndian(Int32(0)) + bigEndian(Int32(0)) + bigEndian(elementType) }
    return bigEndian(Int32(1)) + bigEndian(Int32(0)) + bigEndian(elementType)
      + bigEndian(Int32(clamping: count))
      + bigEndian(Int32(1))
  }

  private static func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
  }
}
