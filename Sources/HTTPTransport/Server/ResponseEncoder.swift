internal import EventLoops
internal import HTTPTypes
internal import Time

/// Writes responses in wire format (RFC 9112 §4 to §6), with the fields that every response carries
/// (docs/contract/platform.md §1.8).
///
/// One per loop: it keeps the current `Date` line, a scratch array and zlib's state.
final class ResponseEncoder {
  /// What the request and the connection have to say about a response.
  struct Context {
    var isHead = false
    var isSecure = false
    /// Say `Connection: close`.
    var closes = false
    /// Say `Connection: keep-alive`, as HTTP/1.0 clients expect it.
    var saysKeepAlive = false
    var acceptsGzip = false
    var now: MonotonicInstant
  }

  private static let security = Array(
    "X-Content-Type-Options: nosniff\r\nX-XSS-Protection: 0\r\nX-Frame-Options: SAMEORIGIN\r\n".utf8
  )
  private static let noCache = Array(
    "Cache-Control: no-cache, no-store, max-age=0, must-revalidate\r\nPragma: no-cache\r\nExpires: 0\r\n".utf8
  )
  private static let strictTransport = Array(
    "Strict-Transport-Security: max-age=31536000 ; includeSubDomains\r\n".utf8
  )
  private static let close = Array("Connection: close\r\n".utf8)
  private static let keepAlive = Array("Connection: keep-alive\r\n".utf8)
  private static let contentLength = Array("Content-Length: ".utf8)
  private static let gzip = Array("Content-Encoding: gzip\r\n".utf8)
  private static let vary = Array("Vary: Accept-Encoding\r\n".utf8)
  private static let lineEnd: [UInt8] = [0x0d, 0x0a]

  /// Fields of a handler that are the server's business.
  private static let framingFields: KnownField = [
    .contentLength, .transferEncoding, .connection, .keepAlive, .date, .server,
  ]
  /// Fields a handler may set instead of the server.
  private static let securityFields: KnownField = [
    .contentTypeOptions, .xssProtection, .frameOptions, .strictTransportSecurity,
  ]
  private static let cacheFields: KnownField = [.cacheControl, .pragma, .expires]

  private let gzipMinimumBytes: Int?
  private let gzipLevel: Int
  private var compressor: GzipCompressor?
  private var date = DateField()
  private var head: [UInt8] = []

  init(gzipMinimumBytes: Int?, gzipLevel: Int) {
    self.gzipMinimumBytes = gzipMinimumBytes
    self.gzipLevel = gzipLevel
    head.reserveCapacity(1024)
  }

  /// Appends a response to `output`.
  func encode(_ response: ServerResponse, _ context: Context, to output: inout ByteBuffer) {
    let code = response.status.code
    let hasContent = code != 204 && code != 304
    let isGzipCandidate = hasContent && isGzipCandidate(response)
    let compressed = isGzipCandidate && context.acceptsGzip ? compress(response) : nil
    let body = compressed ?? response.body

    head.removeAll(keepingCapacity: true)
    StatusLine.append(response.status, to: &head)
    head.append(contentsOf: date.bytes(now: context.now))
    appendSecurity(response.fields.known, context, code)
    appendFields(response.fields)
    if isGzipCandidate { head.append(contentsOf: Self.vary) }
    if compressed != nil { head.append(contentsOf: Self.gzip) }
    if hasContent { appendContentLength(code == 205 ? 0 : body.count) }
    if context.closes {
      head.append(contentsOf: Self.close)
    } else if context.saysKeepAlive {
      head.append(contentsOf: Self.keepAlive)
    }
    head.append(contentsOf: Self.lineEnd)

    let sendsBody = hasContent && code != 205 && !context.isHead
    if sendsBody, body.count <= 4096 {
      head.append(contentsOf: body)
      output.append(contentsOf: head)
    } else {
      output.append(contentsOf: head)
      if sendsBody { output.append(contentsOf: body) }
    }
  }

  private func appendSecurity(_ set: KnownField, _ context: Context, _ code: Int) {
    if set.isDisjoint(with: Self.securityFields) {
      head.append(contentsOf: Self.security)
      if context.isSecure { head.append(contentsOf: Self.strictTransport) }
    } else {
      if !set.contains(.contentTypeOptions) {
        head.append(contentsOf: "X-Content-Type-Options: nosniff\r\n".utf8)
      }
      if !set.contains(.xssProtection) { head.append(contentsOf: "X-XSS-Protection: 0\r\n".utf8) }
      if !set.contains(.frameOptions) { head.append(contentsOf: "X-Frame-Options: SAMEORIGIN\r\n".utf8) }
      if context.isSecure, !set.contains(.strictTransportSecurity) {
        head.append(contentsOf: Self.strictTransport)
      }
    }
    if code != 304, set.isDisjoint(with: Self.cacheFields) { head.append(contentsOf: Self.noCache) }
  }

  private func appendFields(_ fields: HeaderFields) {
    if fields.isWireFormat, fields.known.isDisjoint(with: Self.framingFields) {
      head.append(contentsOf: fields.storage)
      return
    }
    for entry in fields.entries {
      let name = fields.storage.span.extracting(entry.name)
      guard KnownField.classify(name).isDisjoint(with: Self.framingFields) else { continue }
      head.append(contentsOf: fields.storage[entry.name])
      head.append(0x3a)
      head.append(0x20)
      head.append(contentsOf: fields.storage[entry.value])
      head.append(contentsOf: Self.lineEnd)
    }
  }

  private func appendContentLength(_ length: Int) {
    head.append(contentsOf: Self.contentLength)
    var digits = 1
    var power = 10
    while power <= length, digits < 18 {
      digits += 1
      power *= 10
    }
    let start = head.count
    for _ in 0..<digits { head.append(0x30) }
    var rest = length
    var index = start + digits - 1
    while rest > 0, index >= start {
      head[index] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
      index -= 1
    }
    head.append(contentsOf: Self.lineEnd)
  }

  /// A strong entity tag names the very bytes, so a response with one is left as it is (RFC 9110 §8.8.3.3).
  private func isGzipCandidate(_ response: ServerResponse) -> Bool {
    guard let gzipMinimumBytes, response.body.count >= gzipMinimumBytes,
      response.fields.known.isDisjoint(with: .contentEncoding), !hasStrongEntityTag(response)
    else { return false }
    return GzipCompressor.isCompressible(contentType: response.fields[.contentType])
  }

  private func hasStrongEntityTag(_ response: ServerResponse) -> Bool {
    guard response.fields.known.contains(.entityTag), let tag = response.fields[.eTag] else { return false }
    return !tag.hasPrefix("W/")
  }

  private func compress(_ response: ServerResponse) -> [UInt8]? {
    if compressor == nil { compressor = GzipCompressor(level: gzipLevel) }
    guard let fixed = response.fixed, fixed.bytes.count == response.body.count else {
      return compressor?.compress(response.body)
    }
    return fixed.compressed { compressor?.compress($0) }
  }

  /// Whether a response could be compressed, so that the request's `Accept-Encoding` is worth reading.
  func mayCompress(_ response: ServerResponse) -> Bool {
    guard let gzipMinimumBytes else { return false }
    return response.body.count >= gzipMinimumBytes
  }
}
