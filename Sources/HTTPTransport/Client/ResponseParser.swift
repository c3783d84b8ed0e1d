internal import EventLoops
internal import HTTPTypes

/// Reads one answer from bytes that come in any pieces (RFC 9112): the outcome is the same however they are split.
///
/// Interim answers (1xx) are passed over. An answer that two readers could frame differently is refused: the upstream
/// is another program, perhaps behind a proxy that an attacker talks to as well.
struct ResponseParser: Sendable {
  private enum State {
    case head
    case sized(remaining: Int)
    case chunked(ChunkedDecoder)
    case untilClose
    case complete
  }

  private static let maximumInterimAnswers = 16

  private let isHead: Bool
  private let maximumHeadBytes: Int
  private let maximumBodyBytes: Int
  private var state = State.head
  private var scannedBytes = 0
  private var interimAnswers = 0
  private var head: ResponseHead?
  private var body: [UInt8] = []

  /// Whether the connection may carry another request after this answer, as far as the answer says.
  private(set) var allowsReuse = false

  /// - Parameter method: of the request; HEAD's answers have no body.
  init(method: HTTPRequest.Method, maximumHeadBytes: Int, maximumBodyBytes: Int) {
    isHead = method == .head
    self.maximumHeadBytes = maximumHeadBytes
    self.maximumBodyBytes = maximumBodyBytes
  }

  /// The answer, once all of it is there.
  var response: ClientResponse? {
    guard case .complete = state, let head else { return nil }
    return ClientResponse(status: head.status, fields: head.fields, body: body)
  }

  /// Consumes what belongs to the answer.
  /// - Throws: `HTTPClientError.malformedAnswer` or `.answerTooLarge`; the parser is of no use after that.
  mutating func consume(_ input: inout ByteBuffer) throws(HTTPClientError) {
    while !input.isEmpty {
      switch state {
      case .head:
        guard let length = try headLength(input) else { return }
        try begin(try ResponseHead(input.read(length)))
      case .sized(let remaining):
        let taken = min(remaining, input.count)
        body.append(contentsOf: input.readable.prefix(taken))
        input.consume(taken)
        state = taken == remaining ? .complete : .sized(remaining: remaining - taken)
      case .chunked(var decoder):
        do throws(ChunkedDecodingError) {
          try decoder.decode(&input, into: &body)
        } catch {
          switch error {
          case .malformed(let reason): throw .malformedAnswer(reason)
          case .tooLarge(let limit): throw .answerTooLarge(limit: limit)
          }
        }
        state = decoder.isComplete ? .complete : .chunked(decoder)
      case .untilClose:
        guard input.count <= maximumBodyBytes - body.count else {
          throw .answerTooLarge(limit: maximumBodyBytes)
        }
        body.append(contentsOf: input.readable)
        input.removeAll()
      case .complete: return
      }
    }
  }

  /// Takes note that the upstream will send no more.
  /// - Throws: `HTTPClientError.closedBeforeAnswer` or `.truncatedAnswer` when that is too early.
  mutating func endOfStream() throws(HTTPClientError) {
    allowsReuse = false
    switch state {
    case .complete: return
    case .untilClose: state = .complete
    case .head where scannedBytes == 0 && interimAnswers == 0: throw .closedBeforeAnswer
    case .head, .sized, .chunked: throw .truncatedAnswer
    }
  }

  // MARK: Head

  /// Looks for the empty line, from where the last look ended, and refuses early what can become no head.
  private mutating func headLength(_ input: ByteBuffer) throws(HTTPClientError) -> Int? {
    var index = scannedBytes
    let limit = maximumHeadBytes
    let end = try input.withReadableBytes { (bytes) throws(HTTPClientError) -> Int? in
      let bytes = Span(_unsafeElements: bytes)
      while index < bytes.count {
        guard index < limit else { throw .malformedAnswer("head larger than \(limit) bytes") }
        let byte = bytes[index]
        let follows = index > 0 && bytes[index - 1] == 0x0d
        guard (byte == 0x0a) == follows else { throw .malformedAnswer("CR or LF alone") }
        try Self.checkBeginning(byte, at: index)
        index += 1
        if byte == 0x0a, index >= 4, bytes[index - 3] == 0x0a { return index }
        // Past the beginning, to the next CR or LF, whichever it is.
        guard index > Self.beginning.utf8CodeUnitCount, byte != 0x0d else { continue }
        let rest = index..<min(bytes.count, limit)
        let end = ByteScan.first(0x0d, in: bytes, rest) ?? rest.upperBound
        index = ByteScan.first(0x0a, in: bytes, index..<end) ?? end
      }
      return nil
    }
    scannedBytes = end == nil ? index : 0
    return end
  }

  private static let beginning: StaticString = "HTTP/1."

  /// An answer that does not begin as one is refused at once: its sender may never send an empty line.
  private static func checkBeginning(_ byte: UInt8, at index: Int) throws(HTTPClientError) {
    let isExpected = beginning.withUTF8Buffer { index >= $0.count || $0[index] == byte }
    guard isExpected else { throw .malformedAnswer("invalid status line") }
  }

  private mutating func begin(_ head: ResponseHead) throws(HTTPClientError) {
    if head.status.kind == .informational {
      guard head.status.code != 101 else { throw .malformedAnswer("101 without an Upgrade request") }
      interimAnswers += 1
      guard interimAnswers <= Self.maximumInterimAnswers else {
        throw .malformedAnswer("too many interim answers")
      }
      return
    }
    self.head = head
    allowsReuse = head.version == .http11 && !Self.saysClose(head.fields)
    state = try framing(head)
    if case .sized(0) = state { state = .complete }
    if case .sized(let length) = state { body.reserveCapacity(min(length, 1 << 20)) }
  }

  private static func saysClose(_ fields: HeaderFields) -> Bool {
    guard fields.known.contains(.connection) else { return false }
    var found = false
    let bytes = fields.storage.span
    for entry in fields.entries where KnownField.classify(bytes.extracting(entry.name)) == .connection {
      let isWhole = FieldList.forEachElement(bytes.extracting(entry.value)) {
        found = found || $0.equalsLowercase("close")
      }
      if !isWhole { found = true }
    }
    return found
  }

  // MARK: Framing (RFC 9112 §6.3)

  private mutating func framing(_ head: ResponseHead) throws(HTTPClientError) -> State {
    let length = try Self.contentLength(head.fields)
    let isChunked = try Self.isChunked(head)
    guard length == nil || !isChunked else {
      throw .malformedAnswer("both Content-Length and Transfer-Encoding")
    }
    if isHead || head.status.code == 304 { return .complete }
    if head.status.code == 204 {
      guard !isChunked else { throw .malformedAnswer("Transfer-Encoding with status 204") }
      // A body announced where there can be none: perhaps it follows, and would be read as the next answer.
      if let length, length > 0 { allowsReuse = false }
      return .complete
    }
    if isChunked { return .chunked(ChunkedDecoder(maximumBodyBytes: maximumBodyBytes)) }
    guard let length else {
      allowsReuse = false
      return .untilClose
    }
    guard length <= maximumBodyBytes else { throw .answerTooLarge(limit: maximumBodyBytes) }
    return .sized(remaining: length)
  }

  private static func contentLength(_ fields: HeaderFields) throws(HTTPClientError) -> Int? {
    guard let text = fields.first(.contentLength) else { return nil }
    let isDecimal =
      !text.isEmpty && text.utf8.allSatisfy(ByteSet.isDigit) && (text == "0" || !text.hasPrefix("0"))
    guard isDecimal, let length = Int(text) else { throw .malformedAnswer("invalid Content-Length") }
    return length
  }

  private static func isChunked(_ head: ResponseHead) throws(HTTPClientError) -> Bool {
    guard let coding = head.fields.first(.transferEncoding) else { return false }
    guard head.version == .http11, coding.lowercased() == "chunked" else {
      throw .malformedAnswer("Transfer-Encoding other than chunked, or in HTTP/1.0")
    }
    return true
  }
}
