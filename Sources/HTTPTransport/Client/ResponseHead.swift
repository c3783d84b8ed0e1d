internal import HTTPTypes
internal import Text

/// A status line and its header section (RFC 9112 §4, §5), strictly read.
struct ResponseHead: Sendable {
  let version: HTTPVersion
  let status: HTTPResponse.Status
  let fields: HeaderFields

  /// Parses a whole head: lines that all end in CRLF, the last of them empty.
  /// - Throws: `HTTPClientError.malformedAnswer`.
  init(_ bytes: [UInt8]) throws(HTTPClientError) {
    let span = bytes.span
    let statusLineEnd = Self.lineEnd(span, from: 0)
    (version, status) = try Self.statusLine(span.extracting(0..<statusLineEnd))
    var entries: [HeaderFields.Entry] = []
    var known: KnownField = []
    var start = statusLineEnd + 2
    while start < span.count {
      let end = Self.lineEnd(span, from: start)
      if end == start { break }
      guard let entry = FieldLine.parse(span, start..<end) else {
        throw .malformedAnswer("malformed field line")
      }
      let field = KnownField.classify(span.extracting(entry.name))
      // RFC 9110 §8.6 lets a recipient take equal lengths for one, or refuse them. They are refused, as the
      // services replaced did: whoever adds a field to an answer may have changed its length as well.
      let isFraming = !field.isDisjoint(with: [.contentLength, .transferEncoding])
      guard !isFraming || known.isDisjoint(with: field) else {
        throw .malformedAnswer("Content-Length or Transfer-Encoding stands twice")
      }
      known.formUnion(field)
      entries.append(entry)
      start = end + 2
    }
    fields = HeaderFields(storage: bytes, entries: entries, known: known)
  }

  /// Where the line that begins at `start` has its CR.
  private static func lineEnd(_ bytes: Span<UInt8>, from start: Int) -> Int {
    var index = start
    while index < bytes.count, bytes[index] != 0x0d { index += 1 }
    return index
  }

  /// `HTTP/1.x SP 3DIGIT [ SP reason ]`; the reason, which nothing depends on, may be missing with its blank.
  private static func statusLine(
    _ line: Span<UInt8>
  ) throws(HTTPClientError) -> (HTTPVersion, HTTPResponse.Status) {
    guard line.count >= 12, line.extracting(0..<7).equals("HTTP/1."), line[8] == 0x20,
      ByteSet.isDigit(line[9]), ByteSet.isDigit(line[10]), ByteSet.isDigit(line[11]),
      line.count == 12 || line[12] == 0x20
    else { throw .malformedAnswer("invalid status line") }
    let version: HTTPVersion
    switch line[7] {
    case 0x30: version = .http10
    case 0x31: version = .http11
    default: throw .malformedAnswer("unknown HTTP version")
    }
    for index in 12..<line.count where !ByteSet.isFieldValue(line[index]) {
      throw .malformedAnswer("control character in the status line")
    }
    let code = Int(line[9] - 0x30) * 100 + Int(line[10] - 0x30) * 10 + Int(line[11] - 0x30)
    guard (100...599).contains(code) else { throw .malformedAnswer("status \(code) is none") }
    return (version, HTTPResponse.Status(code: code))
  }
}
