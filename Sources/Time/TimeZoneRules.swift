/// One zone of the IANA time zone database, read from its TZif file (RFC 8536): a table of past changes, and the rule
/// that holds after the last of them.
struct TimeZoneRules: Sendable {
  /// Instants of change in seconds since 1970, ascending.
  private var transitions: [Int64] = []
  /// Seconds east of UTC from the transition at the same index on.
  private var offsets: [Int32] = []
  /// Seconds east of UTC before the first transition.
  private var initialOffset: Int32 = 0
  private var laterRule: POSIXTimeZoneRule?

  /// - Throws: `TZifError` when the bytes are not a TZif file of version 2 or later.
  init(tzif bytes: [UInt8]) throws(TZifError) {
    var reader = TZifReader(bytes)
    let first = try reader.header()
    guard first.version >= UInt8(ascii: "2") else {
      throw TZifError(reason: "version 1, without 64-bit times")
    }
    try reader.skip(first.dataSize(timeSize: 4))
    let header = try reader.header()
    guard header.typeCount > 0 else { throw TZifError(reason: "no local time types") }
    for _ in 0..<header.timeCount { transitions.append(try reader.integer(8)) }
    var typeIndices: [Int] = []
    for _ in 0..<header.timeCount { typeIndices.append(Int(try reader.integer(1) & 0xFF)) }
    var typeOffsets: [Int32] = []
    for _ in 0..<header.typeCount {
      typeOffsets.append(Int32(truncatingIfNeeded: try reader.integer(4)))
      try reader.skip(2)
    }
    guard let firstOffset = typeOffsets.first, typeIndices.allSatisfy({ $0 < typeOffsets.count }),
      zip(transitions, transitions.dropFirst()).allSatisfy({ $0 < $1 })
    else { throw TZifError(reason: "transitions out of order or of unknown type") }
    initialOffset = firstOffset
    offsets = typeIndices.map { typeOffsets[$0] }
    try reader.skip(header.sizeAfterTypes)
    let footer = try reader.footer()
    if !footer.isEmpty {
      guard let rule = POSIXTimeZoneRule(footer) else { throw TZifError(reason: "unreadable footer") }
      laterRule = rule
    }
  }

  /// Seconds east of UTC at an instant.
  /// - Parameter seconds: since 1970-01-01T00:00:00Z.
  func offset(at seconds: Int64) -> Int64 {
    guard let last = transitions.last, seconds >= transitions[0] else {
      if transitions.isEmpty, let laterRule { return laterRule.offset(at: seconds) }
      return Int64(initialOffset)
    }
    if seconds >= last {
      return laterRule?.offset(at: seconds) ?? Int64(offsets[offsets.count - 1])
    }
    var (low, high) = (0, transitions.count - 1)
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if transitions[middle] <= seconds { low = middle } else { high = middle }
    }
    return Int64(offsets[low])
  }

  /// The instant at which the wall clock shows `wallSeconds`: of two, the later; of none, as if the clock had not yet
  /// been put forward. No zone changes twice within two days.
  func instant(wallSeconds: Int64) -> Int64 {
    let before = offset(at: wallSeconds - 86_400)
    let after = offset(at: wallSeconds + 86_400)
    let (early, late) = (wallSeconds - before, wallSeconds - after)
    guard before != after else { return early }
    switch (offset(at: early) == before, offset(at: late) == after) {
    case (true, true): return max(early, late)
    case (false, true): return late
    default: return early
    }
  }
}

/// A file that is not what RFC 8536 describes.
public struct TZifError: Error, Equatable {
  /// What was wrong with it.
  public let reason: String
}

/// Big-endian fields in order, every read checked against the end.
private struct TZifReader {
  struct Header {
    var version: UInt8
    var utcCount, standardCount, leapCount, timeCount, typeCount, characterCount: Int

    func dataSize(timeSize: Int) -> Int {
      timeCount * (timeSize + 1) + typeCount * 6 + characterCount + leapCount * (timeSize + 4)
        + standardCount + utcCount
    }

    var sizeAfterTypes: Int { characterCount + leapCount * 12 + standardCount + utcCount }
  }

  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func skip(_ count: Int) throws(TZifError) {
    guard count >= 0, count <= bytes.count - position else { throw TZifError(reason: "ends too early") }
    position += count
  }

  /// A signed integer of `size` bytes.
  mutating func integer(_ size: Int) throws(TZifError) -> Int64 {
    let start = position
    try skip(size)
    var value: Int64 = size < 8 && bytes[start] >= 0x80 ? -1 : 0
    for byte in bytes[start..<position] { value = value << 8 | Int64(byte) }
    return value
  }

  mutating func header() throws(TZifError) -> Header {
    guard try integer(4) == 0x545A_6966 else { throw TZifError(reason: "does not start with TZif") }
    let version = UInt8(truncatingIfNeeded: try integer(1))
    try skip(15)
    var counts: [Int] = []
    for _ in 0..<6 {
      let count = Int(try integer(4))
      guard (0...65_536).contains(count) else { throw TZifError(reason: "impossible count") }
      counts.append(count)
    }
    return Header(
      version: version,
      utcCount: counts[0],
      standardCount: counts[1],
      leapCount: counts[2],
      timeCount: counts[3],
      typeCount: counts[4],
      characterCount: counts[5]
    )
  }

  /// The text between the two line feeds that end the file.
  mutating func footer() throws(TZifError) -> [UInt8] {
    guard try integer(1) == 0x0A, let end = bytes[position...].firstIndex(of: 0x0A) else {
      throw TZifError(reason: "no footer")
    }
    return Array(bytes[position..<end])
  }
}
