public import Time

/// A parameter of a statement. Its case declares its PostgreSQL type, so the server never guesses it; where the
/// column has another type, the statement casts (`$1::text::uuid`).
public enum PostgresValue: Hashable, Sendable {
  /// SQL's null; the server takes the type from the statement.
  case null
  /// `smallint`.
  case int2(Int16)
  /// `integer`.
  case int4(Int32)
  /// `bigint`; also fits where a smaller integer is wanted, if the value does.
  case int8(Int64)
  /// `boolean`.
  case bool(Bool)
  /// `text`, also for `varchar` and enumerated types. A NUL in it is an `invalidParameter` error.
  case text(String)
  /// `timestamptz`. `Timestamp(microseconds: .max)` and `.min` are `infinity` and `-infinity`.
  case timestamp(Timestamp)
  /// `text[]`, without nulls.
  case textArray([String])
  /// `bigint[]`, without nulls.
  case int8Array([Int64])
  /// `bytea`.
  case bytes([UInt8])
  /// `jsonb`, given as JSON text.
  case jsonb(String)

  /// `.text`, or `.null` for nil.
  public static func optional(_ value: String?) -> Self { value.map(Self.text) ?? .null }
  /// `.int8`, or `.null` for nil.
  public static func optional(_ value: Int64?) -> Self { value.map(Self.int8) ?? .null }
  /// `.bool`, or `.null` for nil.
  public static func optional(_ value: Bool?) -> Self { value.map(Self.bool) ?? .null }
  /// `.timestamp`, or `.null` for nil.
  public static func optional(_ value: Timestamp?) -> Self { value.map(Self.timestamp) ?? .null }

  /// The declared type's object identifier, 0 (unknown) for null.
  var type: TypeID {
    switch self {
    case .null: .unknown
    case .int2: .int2
    case .int4: .int4
    case .int8: .int8
    case .bool: .bool
    case .text: .text
    case .timestamp: .timestamptz
    case .textArray: .textArray
    case .int8Array: .int8Array
    case .bytes: .bytea
    case .jsonb: .jsonb
    }
  }
}

/// Object identifiers of built-in types: fixed in PostgreSQL's catalogue (`pg_type.dat`).
struct TypeID: Hashable {
  let rawValue: UInt32

  static let unknown = TypeID(rawValue: 0)
  static let bool = TypeID(rawValue: 16)
  static let bytea = TypeID(rawValue: 17)
  static let int8 = TypeID(rawValue: 20)
  static let int2 = TypeID(rawValue: 21)
  static let int4 = TypeID(rawValue: 23)
  static let text = TypeID(rawValue: 25)
  static let oid = TypeID(rawValue: 26)
  static let float4 = TypeID(rawValue: 700)
  static let float8 = TypeID(rawValue: 701)
  static let textArray = TypeID(rawValue: 1009)
  static let varcharArray = TypeID(rawValue: 1015)
  static let int8Array = TypeID(rawValue: 1016)
  static let varchar = TypeID(rawValue: 1043)
  static let date = TypeID(rawValue: 1082)
  static let timestamp = TypeID(rawValue: 1114)
  static let timestamptz = TypeID(rawValue: 1184)
  static let interval = TypeID(rawValue: 1186)
  static let numeric = TypeID(rawValue: 1700)
  static let uuid = TypeID(rawValue: 2950)
  static let jsonb = TypeID(rawValue: 3802)

  /// Whether a value in binary form is no text.
  var isBinary: Bool {
    switch self {
    case .bool, .bytea, .int8, .int2, .int4, .oid, .float4, .float8, .textArray, .varcharArray, .int8Array,
      .date, .timestamp, .timestamptz, .interval, .numeric, .uuid:
      true
    default: false
    }
  }
}
