import EventLoops
import Testing
import Time

@testable import Postgres

@Suite struct ValueTests {
  @Test("every integer comes back as it went, extremes included")
  func integers() async throws {
    try await TestServer.withDatabase { database async throws in
      for value in [Int64.min, -1, 0, 1, Int64.max] {
        #expect(try await database.read("select $1", [.int8(value)])[0].int64(0) == value)
      }
      for value in [Int32.min, 0, Int32.max] {
        #expect(try await database.read("select $1", [.int4(value)])[0].int64(0) == Int64(value))
      }
      for value in [Int16.min, 0, Int16.max] {
        #expect(try await database.read("select $1", [.int2(value)])[0].int64(0) == Int64(value))
      }
      #expect(try await database.read("select 4294967295::oid")[0].int64(0) == 4_294_967_295)
    }
  }

  @Test(
    "texts come back as they went",
    arguments: ["", "A1234BC", "Zoë ☃ 👩‍👩‍👧", "'; drop table x; --", "\u{1}\u{7f}\n"]
  )
  func texts(text: String) async throws {
    try await TestServer.withDatabase { database async throws in
      let row = try await database.read(
        "select $1, $1::varchar(200), $1::bpchar, $1::name, to_json($1)::text",
        [.text(text)]
      )[0]
      #expect(try row.text(0) == text)
      #expect(try row.text(1) == text)
      #expect(try row.text(3) == text)
    }
  }

  @Test("times keep their microseconds from 4713 BC to the infinities")
  func timestamps() async throws {
    let values: [Int64] = [
      .min, -210_866_803_200_000_000, -1, 0, 1, 946_684_800_000_000, 1_701_779_696_123_456, .max,
    ]
    try await TestServer.withDatabase { database async throws in
      for value in values {
        let time = Timestamp(microseconds: value)
        #expect(try await database.read("select $1", [.timestamp(time)])[0].timestamp(0) == time)
      }
      let row = try await database.read(
        "select '2023-12-05T12:34:56.123456Z'::timestamptz, 'infinity'::timestamptz"
      )[0]
      #expect(try row.timestamp(0) == Timestamp(microseconds: 1_701_779_696_123_456))
      #expect(try row.timestamp(1) == Timestamp(microseconds: .max))
    }
  }

  @Test(
    "no time that a column can hold is refused: the last years are taken for the last instant before infinity"
  )
  func everyTime() async throws {
    let values: [(text: String, microseconds: Int64)] = [
      ("4714-11-24 00:00:00+00 BC", -210_866_803_200_000_000),
      ("0001-12-31 23:59:59.999999+00 BC", -62_135_596_800_000_001),
      ("10000-01-01 00:00:00+00", 253_402_300_800_000_000),
      ("294247-01-10 04:00:54.775806+00", .max - 1), ("294247-01-10 04:00:54.775807+00", .max - 1),
      ("294247-01-10 04:00:54.775808+00", .max - 1), ("294276-12-31 23:59:59.999999+00", .max - 1),
      ("infinity", .max), ("-infinity", .min),
    ]
    try await TestServer.withDatabase { database async throws in
      for (text, microseconds) in values {
        let row = try await database.read(
          "select $1::timestamptz, $1::timestamptz at time zone 'UTC', null::timestamp",
          [.text(text)]
        )[0]
        #expect(try row.timestamp(0).microseconds == microseconds, "\(text)")
        #expect(try row.optionalLocalTimestamp(1)?.microseconds == microseconds, "\(text)")
        #expect(try row.optionalLocalTimestamp(2) == nil)
        #expect(throws: PostgresError.self) { try row.optionalLocalTimestamp(0) }
        #expect(throws: PostgresError.self) { try row.timestamp(1) }
        #expect(row.columnName(0) == "timestamptz" && row.columnName(9) == "?")
      }
    }
  }

  @Test("arrays, bytes, booleans and JSON come back as they went")
  func others() async throws {
    try await TestServer.withDatabase { database async throws in
      let texts = ["", "a", "ü", "NULL", "{,}"]
      let bytes: [UInt8] = [0, 1, 255]
      let row = try await database.read(
        "select $1, $2, $3, $4, $5, $6, $7",
        [
          .textArray(texts), .textArray([]), .int8Array([.min, 0, .max]), .bytes(bytes), .bytes([]),
          .bool(true),
          .jsonb(#"{"a": [1, "ö"]}"#),
        ]
      )[0]
      #expect(try row.textArray(0) == texts)
      #expect(try row.textArray(1) == [])
      #expect(try row.int64Array(2) == [.min, 0, .max])
      #expect(try row.bytes(3) == bytes)
      #expect(try row.bytes(4) == [])
      #expect(try row.bool(5))
      #expect(try row.text(6) == #"{"a": [1, "ö"]}"#)
      #expect(try await database.read("select array['x']::varchar[]")[0].textArray(0) == ["x"])
    }
  }

  @Test("nulls go and come as nil, and a getter that wants a value throws")
  func nulls() async throws {
    try await TestServer.withDatabase { database async throws in
      let row = try await database.read(
        "select $1::bigint, $2::text, $3::bool, $4::timestamptz, $5::bytea, $6::text[]",
        [.null, .null, .null, .null, .null, .null]
      )[0]
      #expect(try row.optionalInt64(0) == nil)
      #expect(try row.optionalText(1) == nil)
      #expect(try row.optionalBool(2) == nil)
      #expect(try row.optionalTimestamp(3) == nil)
      #expect(try row.optionalBytes(4) == nil)
      #expect(try row.isNull(5))
      #expect(throws: PostgresError.self) { try row.int64(0) }
      #expect(throws: PostgresError.self) { try row.textArray(5) }
    }
  }

  @Test("a null first does not fix the type of a later value")
  func nullFirst() async throws {
    try await TestServer.withDatabase { database async throws in
      let sql = "select coalesce($1, 7)::bigint"
      #expect(try await database.read(sql, [.null])[0].int64(0) == 7)
      #expect(try await database.read(sql, [.int8(1 << 40)])[0].int64(0) == 1 << 40)
      #expect(try await database.read(sql, [.int4(5)])[0].int64(0) == 5)
      #expect(try await database.read(sql, [.null])[0].int64(0) == 7)
    }
  }

  @Test("reading what is not there throws, and never traps")
  func badAccess() async throws {
    try await TestServer.withDatabase { database async throws in
      let rows = try await database.read(
        "select 'x'::text, 1::int4, 1.5::numeric, array[array[1::bigint]], true"
      )
      let row = rows[0]
      for column in [-1, 5, Int.max, Int.min] {
        #expect(throws: PostgresError.self) { try row.text(column) }
        #expect(throws: PostgresError.self) { try row.int64(column) }
      }
      for index in [-1, 1, Int.max] {
        #expect(throws: PostgresError.self) { try rows[index].text(0) }
      }
      #expect(throws: PostgresError.self) { try row.int64(0) }
      #expect(throws: PostgresError.self) { try row.text(1) }
      #expect(throws: PostgresError.self) { try row.text(2) }
      #expect(throws: PostgresError.self) { try row.int64Array(3) }
      #expect(throws: PostgresError.self) { try row.timestamp(4) }
      #expect(throws: PostgresError.self) { try row.bytes(0) }
      #expect(try await database.read("select 1 where false").isEmpty)
    }
  }

  @Test(
    "bytes that are no array are refused",
    arguments: [
      [], [0, 0, 0, 1], [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 25, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 1],
      [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 25, 0, 0, 0, 1, 0, 0, 0, 1, 0x7f, 0xff, 0xff, 0xff],
      [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 25, 0, 0, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff],
      [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 25, 0, 0, 0, 1, 0, 0, 0, 1],
    ] as [[UInt8]]
  )
  func malformedArray(bytes: [UInt8]) {
    let elements = bytes.withUnsafeBytes {
      BinaryArray.elements(of: $0) { String(decoding: $0, as: UTF8.self) }
    }
    #expect(elements == nil)
  }

  @Test(
    "a NUL, or a time too early, is refused before anything is sent",
    arguments: [
      .text("a\0b"), .textArray(["ok", "\0"]), .jsonb("\"\0\""),
      .timestamp(Timestamp(microseconds: .min + 1)),
    ] as [PostgresValue]
  )
  func invalidParameter(value: PostgresValue) async throws {
    let database = try PostgresDatabase(
      configuration: PostgresConfiguration(connectionString: "host=/nowhere"),
      group: Loops.shared,
      logger: quiet
    )
    let error = await postgresError { _ = try await database.read("select $1", [value]) }
    #expect(error?.kind == .invalidParameter)
    await database.shutdown()
  }
}
