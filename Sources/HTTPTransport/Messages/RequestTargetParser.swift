/// The rules for paths and queries: RFC 3986 §3.3 to §3.4, narrowed by docs/contract/platform.md §2.5.
enum RequestTargetParser {
  /// Splits and checks a target that starts with `/`.
  /// - Returns: where path and query lie; nil for a target to refuse.
  static func originForm(_ bytes: Span<UInt8>) -> (path: Range<Int>, query: Range<Int>)? {
    guard bytes.count > 0, bytes[0] == 0x2f else { return nil }
    guard let pathEnd = checkPath(bytes) else { return nil }
    guard pathEnd < bytes.count else { return (0..<pathEnd, pathEnd..<pathEnd) }
    guard isQuery(bytes.extracting((pathEnd + 1)...)) else { return nil }
    return (0..<pathEnd, (pathEnd + 1)..<bytes.count)
  }

  /// - Returns: where the path ends (at `?` or the end); nil when it is to be refused.
  private static func checkPath(_ bytes: Span<UInt8>) -> Int? {
    if bytes.count > maximumEscapedPathBytes {
      let end = ByteScan.first(0x3f, in: bytes, 0..<bytes.count) ?? bytes.count
      if end > maximumEscapedPathBytes { return ByteScan.arePath(bytes.extracting(0..<end)) ? end : nil }
    }
    var index = 1
    var segmentStart = 1
    var hasEncodedHighByte = false
    while index < bytes.count {
      let byte = bytes[index]
      if byte == 0x3f { break }
      guard ByteSet.target.contains(byte), byte != 0x3b else { return nil }
      if byte == 0x25 {
        guard index + 2 < bytes.count, let high = ByteSet.hexadecimal(bytes[index + 1]),
          let low = ByteSet.hexadecimal(bytes[index + 2])
        else { return nil }
        let decoded = high << 4 | low
        guard !isForbiddenEncoded(decoded) else { return nil }
        hasEncodedHighByte = hasEncodedHighByte || decoded >= 0x80
        index += 3
        continue
      }
      if byte == 0x2f {
        guard isSegment(bytes, segmentStart..<index, isLast: false) else { return nil }
        segmentStart = index + 1
      }
      index += 1
    }
    guard isSegment(bytes, segmentStart..<index, isLast: true) else { return nil }
    if hasEncodedHighByte, !isUTF8(bytes.extracting(0..<index)) { return nil }
    return index
  }

  /// Control characters, `%`, `.`, `/`, `;` and `\` must not come encoded: two readers could see two paths.
  /// A path with escapes is looked at byte by byte; none of ours is anywhere near so long.
  static let maximumEscapedPathBytes = 1024

  private static func isForbiddenEncoded(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == 0x7f || byte == 0x25 || byte == 0x2e || byte == 0x2f || byte == 0x3b
      || byte == 0x5c
  }

  /// Neither empty (unless last), nor `.`, nor `..`.
  private static func isSegment(_ bytes: Span<UInt8>, _ range: Range<Int>, isLast: Bool) -> Bool {
    switch range.count {
    case 0: isLast
    case 1: bytes[range.lowerBound] != 0x2e
    case 2: bytes[range.lowerBound] != 0x2e || bytes[range.lowerBound + 1] != 0x2e
    default: true
    }
  }

  /// Query characters, every `%` well-formed, no encoded NUL, CR or LF.
  static func isQuery(_ bytes: Span<UInt8>) -> Bool {
    if bytes.count >= ByteScan.minimumBytes { return ByteScan.areQuery(bytes) }
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      guard ByteSet.target.contains(byte) else { return false }
      guard byte == 0x25 else {
        index += 1
        continue
      }
      guard index + 2 < bytes.count, let high = ByteSet.hexadecimal(bytes[index + 1]),
        let low = ByteSet.hexadecimal(bytes[index + 2])
      else { return false }
      let decoded = high << 4 | low
      guard decoded != 0, decoded != 0x0a, decoded != 0x0d else { return false }
      index += 3
    }
    return true
  }

  private static func isUTF8(_ bytes: Span<UInt8>) -> Bool {
    let copied = bytes.withUnsafeBufferPointer { Array($0) }
    guard let decoded = PercentCoding.decodedBytes(copied[...], plusIsBlank: false) else { return false }
    return String(validating: decoded, as: UTF8.self) != nil
  }
}
