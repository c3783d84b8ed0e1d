internal import HTTPTypes

/// Status lines (RFC 9112 §4), the usual ones ready made.
enum StatusLine {
  private static let ok = Array("HTTP/1.1 200 OK\r\n".utf8)
  private static let created = Array("HTTP/1.1 201 Created\r\n".utf8)
  private static let noContent = Array("HTTP/1.1 204 No Content\r\n".utf8)
  private static let badRequest = Array("HTTP/1.1 400 Bad Request\r\n".utf8)
  private static let unauthorized = Array("HTTP/1.1 401 Unauthorized\r\n".utf8)
  private static let forbidden = Array("HTTP/1.1 403 Forbidden\r\n".utf8)
  private static let notFound = Array("HTTP/1.1 404 Not Found\r\n".utf8)
  private static let conflict = Array("HTTP/1.1 409 Conflict\r\n".utf8)
  private static let internalServerError = Array("HTTP/1.1 500 Internal Server Error\r\n".utf8)

  /// Appends the line with its CRLF.
  static func append(_ status: HTTPResponse.Status, to bytes: inout [UInt8]) {
    switch status.code {
    case 200: bytes.append(contentsOf: ok)
    case 201: bytes.append(contentsOf: created)
    case 204: bytes.append(contentsOf: noContent)
    case 400: bytes.append(contentsOf: badRequest)
    case 401: bytes.append(contentsOf: unauthorized)
    case 403: bytes.append(contentsOf: forbidden)
    case 404: bytes.append(contentsOf: notFound)
    case 409: bytes.append(contentsOf: conflict)
    case 200..<600: bytes.append(contentsOf: "HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n".utf8)
    default: bytes.append(contentsOf: internalServerError)
    }
  }
}
