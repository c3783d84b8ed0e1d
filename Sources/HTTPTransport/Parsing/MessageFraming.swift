/// What the fields of a request say about its framing and its connection, gathered field by field
/// (RFC 9112 §3.2, §6, §9; RFC 9110 §10.1.1).
struct MessageFraming: Sendable {
  private(set) var host: Range<Int>?
  private(set) var contentLength: Int?
  private(set) var isChunked = false
  private(set) var expectsContinue = false
  private(set) var hasUnknownExpectation = false
  private(set) var asksToClose = false
  private(set) var asksToKeepAlive = false
  private(set) var isForwardedSecure: Bool?
  private var connectionBytes = 0

  /// Takes in a field whose name is known.
  mutating func take(
    _ field: KnownField,
    _ bytes: Span<UInt8>,
    _ range: Range<Int>
  ) throws(RequestRefusal) {
    let value = bytes.extracting(range)
    switch field {
    case .host:
      guard host == nil else { throw .badRequest("more than one Host") }
      guard Authority.isValid(value) else { throw .badRequest("malformed Host") }
      host = range
    case .contentLength:
      guard contentLength == nil else { throw .badRequest("more than one Content-Length") }
      try Self.checkNoTab(bytes, behind: range)
      contentLength = try Self.length(value)
    case .transferEncoding:
      guard !isChunked else { throw .badRequest("more than one Transfer-Encoding") }
      try Self.checkNoTab(bytes, behind: range)
      try Self.checkCodings(value)
      isChunked = true
    case .connection: takeConnection(value)
    case .expect:
      let isContinue = value.equalsLowercase("100-continue")
      expectsContinue = expectsContinue || isContinue
      hasUnknownExpectation = hasUnknownExpectation || !isContinue
    case .forwardedProto: takeForwardedProto(value)
    default: break
    }
  }

  /// A tab is allowed behind a value, but llhttp stumbles over one here, and no honest client sends it.
  private static func checkNoTab(_ bytes: Span<UInt8>, behind range: Range<Int>) throws(RequestRefusal) {
    var index = range.upperBound
    while index < bytes.count, bytes[index] != 0x0d {
      guard bytes[index] != 0x09 else { throw .badRequest("tab behind a framing field") }
      index += 1
    }
  }

  /// Digits alone, no leading zero, within 63 bits.
  private static func length(_ value: Span<UInt8>) throws(RequestRefusal) -> Int {
    guard value.count > 0, value.count == 1 || value[0] != 0x30 else {
      throw .badRequest("malformed Content-Length")
    }
    var length = 0
    for index in value.indices {
      guard ByteSet.isDigit(value[index]) else { throw .badRequest("malformed Content-Length") }
      let (product, overflow) = length.multipliedReportingOverflow(by: 10)
      let (sum, carried) = product.addingReportingOverflow(Int(value[index] &- 0x30))
      guard !overflow, !carried else { throw .badRequest("Content-Length too large") }
      length = sum
    }
    return length
  }

  /// Accepts `chunked` alone. A list of well-formed codings with one we do not know is 501 (RFC 9112 §6.1);
  /// the rest is malformed.
  private static func checkCodings(_ value: Span<UInt8>) throws(RequestRefusal) {
    if value.equalsLowercase("chunked") { return }
    var isWellFormed = true
    var elements = 0
    var chunked = 0
    var isLastChunked = false
    let isWhole = FieldList.forEachElement(value) { coding in
      elements += 1
      isLastChunked = coding.equalsLowercase("chunked")
      if isLastChunked { chunked += 1 }
      if coding.count == 0 { isWellFormed = false }
      for index in coding.indices where !ByteSet.token.contains(coding[index]) { isWellFormed = false }
    }
    guard isWhole, isWellFormed, chunked == 0 || chunked == 1 && isLastChunked && elements > 1 else {
      throw .badRequest("malformed Transfer-Encoding")
    }
    throw .codingNotImplemented
  }

  /// Nobody has so many options that more is worth looking at: who sends it is told to close.
  private static let maximumConnectionBytes = 256

  private mutating func takeConnection(_ value: Span<UInt8>) {
    connectionBytes += value.count
    var close = asksToClose
    var keepAlive = asksToKeepAlive
    let isWhole =
      connectionBytes <= Self.maximumConnectionBytes
      && FieldList.forEachElement(value) { option in
        if option.equalsLowercase("close") { close = true }
        if option.equalsLowercase("keep-alive") { keepAlive = true }
      }
    asksToClose = close || !isWhole
    asksToKeepAlive = keepAlive
  }

  private mutating func takeForwardedProto(_ value: Span<UInt8>) {
    guard isForwardedSecure == nil, value.count <= FieldList.maximumBytes else { return }
    isForwardedSecure = value.extracting(FieldList.first(value)).equalsLowercase("https")
  }
}
