internal import Glibc
internal import HTTPTypes

/// Reads request heads (RFC 9112 §2 to §6) from the unread bytes of a connection, as they come.
///
/// Strict: what two readers could frame or address differently is refused, not repaired. Incremental: each
/// byte is searched once and each line is read once, however the bytes are split, and the split never changes
/// the outcome.
struct RequestParser: Sendable {
  struct Limits: Sendable {
    var requestLineBytes: Int
    var headerBytes: Int
    var headerFields: Int
  }

  private let limits: Limits
  /// Bytes before this offset hold no line end that is not dealt with.
  private var searched = 0
  private var lineStart = 0
  private var hasSkippedEmptyLine = false
  private var line: RequestLine?
  private var fieldsStart = 0
  private var entries: [HeaderFields.Entry] = []
  private var known: KnownField = []
  private var framing = MessageFraming()

  init(limits: Limits) { self.limits = limits }

  /// Goes on reading.
  /// - Parameter bytes: all unread bytes of the connection: what the last call was given, and what has come
  ///   since.
  /// - Returns: the request and the length of its head, or nil when the head is not complete yet.
  /// - Throws: `RequestRefusal`; the connection must not be read any more then.
  mutating func parse(_ bytes: Span<UInt8>) throws(RequestRefusal) -> (request: ParsedRequest, length: Int)? {
    while true {
      if line == nil { try checkFirstByte(bytes) }
      guard let lineFeed = Self.lineFeed(bytes, from: searched) else {
        searched = bytes.count
        try checkLength(bytes, end: bytes.count)
        return nil
      }
      try checkLength(bytes, end: lineFeed)
      guard lineFeed > lineStart, bytes[lineFeed - 1] == 0x0d else {
        throw .badRequest("line not ended by CRLF")
      }
      let range = lineStart..<(lineFeed - 1)
      searched = lineFeed + 1
      lineStart = lineFeed + 1
      if line == nil {
        try takeFirstLine(bytes, range)
      } else if range.isEmpty {
        return (try finish(bytes, length: lineFeed + 1), lineFeed + 1)
      } else {
        try takeField(bytes, range)
      }
    }
  }

  private static func lineFeed(_ bytes: Span<UInt8>, from start: Int) -> Int? {
    guard start < bytes.count else { return nil }
    return bytes.extracting(start...).withUnsafeBufferPointer { part in
      guard let base = part.baseAddress, let found = memchr(base, 0x0a, part.count) else { return nil }
      return start + (UnsafeRawPointer(found) - UnsafeRawPointer(base))
    }
  }

  /// Refuses at once what cannot become a method: a TLS greeting, a blank, a control character.
  private func checkFirstByte(_ bytes: Span<UInt8>) throws(RequestRefusal) {
    guard lineStart < bytes.count else { return }
    let first = bytes[lineStart]
    guard ByteSet.token.contains(first) || first == 0x0d else { throw .badRequest("malformed method") }
  }

  /// - Parameter end: where the line ends, or the bytes so far do; its CR may be included.
  private func checkLength(_ bytes: Span<UInt8>, end: Int) throws(RequestRefusal) {
    if line == nil {
      guard end - lineStart > limits.requestLineBytes + 1 else { return }
      // No method is longer than 32 bytes: without a blank by then this is not a long target but no request
      // at all.
      var index = lineStart
      while index < min(end, lineStart + 33), bytes[index] != 0x20 { index += 1 }
      throw index < min(end, lineStart + 33) ? .requestLineTooLong : .badRequest("malformed method")
    }
    guard end - fieldsStart <= limits.headerBytes else { throw .headersTooLarge }
  }

  /// One empty line before a request is passed over (RFC 9112 §2.2).
  private mutating func takeFirstLine(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(RequestRefusal) {
    if range.isEmpty {
      guard !hasSkippedEmptyLine else { throw .badRequest("empty lines before the request") }
      hasSkippedEmptyLine = true
      return
    }
    line = try RequestLineParser.parse(bytes, range)
    fieldsStart = lineStart
  }

  private mutating func takeField(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(RequestRefusal) {
    guard entries.count < limits.headerFields else { throw .tooManyHeaders }
    if entries.isEmpty { entries.reserveCapacity(12) }
    guard let entry = FieldLine.parse(bytes, range) else { throw .badRequest("malformed header field") }
    let field = KnownField.classify(bytes.extracting(entry.name))
    if !field.isEmpty {
      known.formUnion(field)
      try framing.take(field, bytes, entry.value)
    }
    entries.append(entry)
  }

  private mutating func finish(_ bytes: Span<UInt8>, length: Int) throws(RequestRefusal) -> ParsedRequest {
    guard let line else { throw .badRequest("malformed request") }
    try check(bytes, line)
    let storage = bytes.extracting(0..<length).withUnsafeBufferPointer { Array($0) }
    let target =
      switch line.target {
      case .resource(let path, let query): RequestTarget(storage, path: path, query: query)
      case .serverWide(let range):
        RequestTarget(storage, path: range, query: range.upperBound..<range.upperBound)
      }
    let fields = HeaderFields(storage: storage, entries: entries, known: known)
    let head = RequestHead(
      method: line.method,
      target: target,
      version: line.version,
      fields: fields,
      targetAuthority: line.authority
    )
    var isServerWide = false
    if case .serverWide = line.target { isServerWide = true }
    let request = ParsedRequest(
      head: head,
      framing: bodyFraming,
      expectsContinue: framing.expectsContinue && line.version == .http11,
      keepsAlive: line.version == .http11
        ? !framing.asksToClose : framing.asksToKeepAlive && !framing.asksToClose,
      isForwardedSecure: framing.isForwardedSecure ?? false,
      isServerWide: isServerWide
    )
    reset()
    return request
  }

  private var bodyFraming: RequestFraming {
    if framing.isChunked { return .chunked }
    guard let length = framing.contentLength, length > 0 else { return .none }
    return .length(length)
  }

  /// What only the whole head can tell.
  private func check(_ bytes: Span<UInt8>, _ line: RequestLine) throws(RequestRefusal) {
    if framing.isChunked {
      guard framing.contentLength == nil else {
        throw .badRequest("both Content-Length and Transfer-Encoding")
      }
      guard line.version == .http11 else { throw .badRequest("Transfer-Encoding in HTTP/1.0") }
    }
    guard let host = framing.host else {
      guard line.version == .http10 else { throw .badRequest("Host missing") }
      return
    }
    if let authority = line.authority,
      !Authority.areSame(
        bytes.extracting(authority),
        bytes.extracting(host),
        defaultPort: line.defaultPort
      )
    {
      throw .badRequest("Host differs from the request target")
    }
    if framing.hasUnknownExpectation, line.version == .http11 { throw .expectationFailed }
  }

  private mutating func reset() {
    searched = 0
    lineStart = 0
    hasSkippedEmptyLine = false
    line = nil
    fieldsStart = 0
    entries = []
    known = []
    framing = MessageFraming()
  }
}
