internal import EventLoops

/// Why a chunked body is refused.
enum ChunkedDecodingError: Error, Hashable, Sendable {
  case malformed(String)
  /// More bytes than the limit are announced.
  case tooLarge(limit: Int)
}

/// Decodes the chunked transfer coding (RFC 9112 §7.1) piece by piece, in any split: lines end in CRLF alone,
/// sizes are hexadecimal digits alone, extensions are checked and bounded, trailers are checked, bounded and
/// dropped. A trailer that would have framed the message (RFC 9110 §6.5.1) is refused, as llhttp does.
struct ChunkedDecoder: Sendable {
  private enum State: Hashable {
    case sizeStart
    case size
    case extensionNameStart
    case extensionName
    case extensionValueStart
    case extensionToken
    case extensionQuoted
    case extensionQuotedPair
    case extensionQuotedEnd
    case sizeLF
    case data
    case dataCR
    case dataLF
    case trailerStart
    case trailerName
    case trailerValue
    case trailerLF
    case endLF
    case complete
  }

  /// Bytes of all extensions of a message together. Tomcat allows 8,192; no client here sends any.
  static let maximumExtensionBytes = 4096
  /// Bytes of all trailer fields together (Tomcat: 8,192).
  static let maximumTrailerBytes = 8192
  /// Enough for any size that fits 63 bits.
  private static let maximumSizeDigits = 16

  private let maximumBodyBytes: Int
  private var state = State.sizeStart
  private var size = 0
  private var sizeDigits = 0
  private var decodedBytes = 0
  private var extensionBytes = 0
  private var trailerBytes = 0
  private var trailerName: [UInt8] = []

  /// - Parameter maximumBodyBytes: decoded bytes to accept at the most.
  init(maximumBodyBytes: Int) { self.maximumBodyBytes = maximumBodyBytes }

  /// Whether the last chunk and the trailer section have been read.
  var isComplete: Bool { state == .complete }

  /// Consumes what it can use of `input` and appends the decoded bytes to `body`.
  mutating func decode(_ input: inout ByteBuffer, into body: inout [UInt8]) throws(ChunkedDecodingError) {
    let used = try input.withReadableBytes { (bytes) throws(ChunkedDecodingError) -> Int in
      try decode(Span(_unsafeElements: bytes), into: &body)
    }
    input.consume(used)
  }

  /// - Returns: how many of `bytes` belong to this body; fewer than there are only once it is complete.
  mutating func decode(_ bytes: Span<UInt8>, into body: inout [UInt8]) throws(ChunkedDecodingError) -> Int {
    var index = 0
    while index < bytes.count, state != .complete {
      if state == .data {
        let length = min(size, bytes.count - index)
        bytes.extracting(index..<index + length).withUnsafeBufferPointer { body.append(contentsOf: $0) }
        size -= length
        index += length
        if size == 0 { state = .dataCR }
      } else {
        try step(bytes[index])
        index += 1
      }
    }
    return index
  }

  private mutating func step(_ byte: UInt8) throws(ChunkedDecodingError) {
    switch state {
    case .sizeStart, .size: try stepSize(byte)
    case .extensionNameStart, .extensionName, .extensionValueStart, .extensionToken, .extensionQuoted,
      .extensionQuotedPair, .extensionQuotedEnd:
      try stepExtension(byte)
    case .sizeLF:
      try expect(byte, 0x0a, "chunk size line not ended by CRLF")
      try beginChunk()
    case .dataCR:
      try expect(byte, 0x0d, "chunk data not ended by CRLF")
      state = .dataLF
    case .dataLF:
      try expect(byte, 0x0a, "chunk data not ended by CRLF")
      (state, sizeDigits) = (.sizeStart, 0)
    case .trailerStart, .trailerName, .trailerValue, .trailerLF: try stepTrailer(byte)
    case .endLF:
      try expect(byte, 0x0a, "trailer section not ended by CRLF")
      state = .complete
    case .data, .complete: break
    }
  }

  private mutating func stepSize(_ byte: UInt8) throws(ChunkedDecodingError) {
    if let digit = ByteSet.hexadecimal(byte) {
      sizeDigits += 1
      guard sizeDigits <= Self.maximumSizeDigits, size <= Int.max >> 4 else {
        throw .malformed("chunk size too large")
      }
      size = size << 4 | Int(digit)
      state = .size
      return
    }
    guard state == .size else { throw .malformed("chunk size missing") }
    switch byte {
    case 0x0d: state = .sizeLF
    case 0x3b: try countExtension(.extensionNameStart)
    default: throw .malformed("invalid character in chunk size")
    }
  }

  private mutating func stepExtension(_ byte: UInt8) throws(ChunkedDecodingError) {
    let isEnd = byte == 0x0d || byte == 0x3b
    switch state {
    case .extensionNameStart where ByteSet.token.contains(byte): try countExtension(.extensionName)
    case .extensionName where ByteSet.token.contains(byte): try countExtension(.extensionName)
    case .extensionName where byte == 0x3d: try countExtension(.extensionValueStart)
    case .extensionValueStart where byte == 0x22: try countExtension(.extensionQuoted)
    case .extensionValueStart where ByteSet.token.contains(byte): try countExtension(.extensionToken)
    case .extensionToken where ByteSet.token.contains(byte): try countExtension(.extensionToken)
    case .extensionQuoted where byte == 0x22: try countExtension(.extensionQuotedEnd)
    case .extensionQuoted where byte == 0x5c: try countExtension(.extensionQuotedPair)
    case .extensionQuoted where ByteSet.isFieldValue(byte): try countExtension(.extensionQuoted)
    case .extensionQuotedPair where ByteSet.isFieldValue(byte): try countExtension(.extensionQuoted)
    case .extensionName where isEnd, .extensionToken where isEnd, .extensionQuotedEnd where isEnd:
      if byte == 0x0d { state = .sizeLF } else { try countExtension(.extensionNameStart) }
    default: throw .malformed("malformed chunk extension")
    }
  }

  private mutating func countExtension(_ next: State) throws(ChunkedDecodingError) {
    extensionBytes += 1
    guard extensionBytes <= Self.maximumExtensionBytes else { throw .malformed("chunk extensions too large") }
    state = next
  }

  private mutating func beginChunk() throws(ChunkedDecodingError) {
    guard size > 0 else {
      state = .trailerStart
      return
    }
    guard size <= maximumBodyBytes - decodedBytes else { throw .tooLarge(limit: maximumBodyBytes) }
    decodedBytes += size
    state = .data
  }

  private mutating func stepTrailer(_ byte: UInt8) throws(ChunkedDecodingError) {
    trailerBytes += 1
    guard trailerBytes <= Self.maximumTrailerBytes else { throw .malformed("trailer section too large") }
    switch state {
    case .trailerStart where byte == 0x0d: state = .endLF
    case .trailerStart where ByteSet.token.contains(byte), .trailerName where ByteSet.token.contains(byte):
      if state == .trailerStart { trailerName.removeAll(keepingCapacity: true) }
      trailerName.append(byte)
      state = .trailerName
    case .trailerName where byte == 0x3a:
      guard KnownField.classify(trailerName.span).isDisjoint(with: [.contentLength, .transferEncoding]) else {
        throw .malformed("framing field in the trailer section")
      }
      state = .trailerValue
    case .trailerValue where byte == 0x0d: state = .trailerLF
    case .trailerValue where ByteSet.isFieldValue(byte): break
    case .trailerLF where byte == 0x0a: state = .trailerStart
    default: throw .malformed("malformed trailer field")
    }
  }

  private func expect(_ byte: UInt8, _ wanted: UInt8, _ reason: String) throws(ChunkedDecodingError) {
    guard byte == wanted else { throw .malformed(reason) }
  }
}
