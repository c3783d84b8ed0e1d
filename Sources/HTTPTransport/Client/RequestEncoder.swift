internal import EventLoops
internal import HTTPTypes

/// Writes a request's head and body (RFC 9112 §3) in one piece. Method, target and field names cannot hold a
/// byte that would end their line, by their types, and `HeaderFields` keeps control characters out of values.
enum RequestEncoder {
  private static let ownFields: KnownField = [
    .host, .contentLength, .transferEncoding, .connection, .keepAlive, .expect, .acceptEncoding,
  ]

  /// - Parameter userAgent: of a request that has no such field; nil for none.
  static func encode(_ request: ClientRequest, userAgent: String? = nil, into output: inout ByteBuffer) {
    output.append(request.method.rawValue)
    output.append(0x20)
    output.append(request.url.target)
    output.append(" HTTP/1.1\r\nHost: ")
    output.append(request.url.origin.authority)
    output.append("\r\n")
    if let userAgent, request.fields[.userAgent] == nil {
      output.append("User-Agent: ")
      output.append(userAgent)
      output.append("\r\n")
    }
    appendFields(request.fields, to: &output)
    if let length = request.body?.count ?? (anticipatesBody(request.method) ? 0 : nil) {
      output.append("Content-Length: ")
      output.append(String(length))
      output.append("\r\n")
    }
    output.append("\r\n")
    if let body = request.body { output.append(contentsOf: body) }
  }

  private static func anticipatesBody(_ method: HTTPRequest.Method) -> Bool {
    method == .post || method == .put || method == .patch
  }

  private static func appendFields(_ fields: HeaderFields, to output: inout ByteBuffer) {
    if fields.isWireFormat, fields.known.isDisjoint(with: ownFields) {
      output.append(contentsOf: fields.storage)
      return
    }
    for entry in fields.entries {
      let name = fields.storage.span.extracting(entry.name)
      guard KnownField.classify(name).isDisjoint(with: ownFields) else { continue }
      output.append(contentsOf: fields.storage[entry.name])
      output.append(": ")
      output.append(contentsOf: fields.storage[entry.value])
      output.append("\r\n")
    }
  }
}
