internal import Crypto
internal import HTTPTransport
internal import HTTPTypes
internal import ServiceKit
internal import SharedAuth
internal import Time

/// Signs requests with Signature Version 4, in header fields (AWS General Reference, "Create a signed AWS
/// API request"). For every service but S3, which encodes paths in another way.
struct SignatureV4: Sendable {
  /// The parts of a request that a signature covers.
  struct Request: Sendable {
    var method: String
    /// As in the request line.
    var path: String
    /// Without the `?`; percent-encoded.
    var query = ""
    /// Names in any case, a name may come several times. `Host` and `X-Amz-Date` among them.
    var fields: [(name: String, value: String)]
    var payload: [UInt8] = []
  }

  static let algorithm = "AWS4-HMAC-SHA256"

  let region: String
  let service: String

  /// The value of `Authorization`.
  /// - Parameter date: as in `X-Amz-Date`.
  func authorization(for request: Request, _ credentials: AWSCredentials, date: String) -> String {
    let canonical = Self.canonical(request)
    let scope = "\(date.prefix(8))/\(region)/\(service)/aws4_request"
    let digest = Digest.hexadecimal(Digest.sha256(Array(canonical.text.utf8)))
    let stringToSign = "\(Self.algorithm)\n\(date)\n\(scope)\n\(digest)"
    var key = Array("AWS4\(credentials.secretAccessKey.reveal())".utf8)
    for part in [String(date.prefix(8)), region, service, "aws4_request", stringToSign] {
      key = Digest.hmacSHA256(key: key, message: Array(part.utf8))
    }
    return "\(Self.algorithm) Credential=\(credentials.accessKeyID)/\(scope), "
      + "SignedHeaders=\(canonical.signedFields), Signature=\(Digest.hexadecimal(key))"
  }

  /// Adds `X-Amz-Date`, `X-Amz-Security-Token` and `Authorization` to a request that has all its other fields.
  func sign(_ request: inout ClientRequest, _ credentials: AWSCredentials, at time: Timestamp) {
    let date = Self.date(time)
    request.fields.append(.amzDate, date)
    if let token = credentials.sessionToken { request.fields.append(.amzSecurityToken, token.reveal()) }
    let target = request.url.target
    let path = target.prefix { $0 != "?" }
    let signed = Request(
      method: request.method.rawValue,
      path: String(path),
      query: String(target.dropFirst(path.count + 1)),
      fields: [("host", request.url.origin.authority)] + request.fields.all,
      payload: request.body ?? []
    )
    request.fields[.authorization] = authorization(for: signed, credentials, date: date)
  }

  /// `20150830T123600Z`.
  static func date(_ time: Timestamp) -> String {
    Timestamp(seconds: time.seconds).instantText.filter { $0 != "-" && $0 != ":" }
  }

  // MARK: Canonical form

  /// The canonical request, and the names of its fields as `SignedHeaders` lists them.
  static func canonical(_ request: Request) -> (text: String, signedFields: String) {
    var fields: [String: [String]] = [:]
    for field in request.fields {
      let value = field.value.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      fields[field.name.lowercased(), default: []].append(value)
    }
    let sorted = fields.sorted { $0.key < $1.key }
    let signedFields = sorted.map(\.key).joined(separator: ";")
    let lines =
      [request.method, canonicalPath(request.path), canonicalQuery(request.query)]
      + sorted.map { "\($0.key):\($0.value.joined(separator: ","))" }
      + ["", signedFields, Digest.hexadecimal(Digest.sha256(request.payload))]
    return (lines.joined(separator: "\n"), signedFields)
  }

  /// Without dot segments and empty ones; the rest percent-encoded once more.
  private static func canonicalPath(_ path: String) -> String {
    var segments: [Substring] = []
    for segment in path.split(separator: "/") where segment != "." {
      if segment == ".." {
        _ = segments.popLast()
      } else {
        segments.append(segment)
      }
    }
    let encoded = segments.map { PercentCoding.encode(String($0)) }.joined(separator: "/")
    return "/" + encoded + (path.hasSuffix("/") && !segments.isEmpty ? "/" : "")
  }

  /// Sorted by name, then by value, both encoded in one way only.
  private static func canonicalQuery(_ query: String) -> String {
    query.split(separator: "&")
      .map { parameter -> (name: String, value: String) in
        let name = parameter.prefix { $0 != "=" }
        return (encodedOnce(name), encodedOnce(parameter.dropFirst(name.count + 1)))
      }
      .sorted { ($0.name, $0.value) < ($1.name, $1.value) }
      .map { "\($0.name)=\($0.value)" }
      .joined(separator: "&")
  }

  private static func encodedOnce(_ text: Substring) -> String {
    PercentCoding.encode(PercentCoding.decode(text) ?? String(text))
  }
}

extension HTTPField.Name {
  // Known names cannot be malformed; the fallback is never taken.
  static let amzDate = HTTPField.Name("X-Amz-Date") ?? .date
  static let amzSecurityToken = HTTPField.Name("X-Amz-Security-Token") ?? .authorization
  static let amzTarget = HTTPField.Name("X-Amz-Target") ?? .contentType
  static let amznQueryError = HTTPField.Name("x-amzn-query-error") ?? .contentType
}
