public import HTTPTransport
public import HTTPTypes
public import JSON

extension ServerResponse {
  /// A JSON document.
  public static func json(_ writer: JSONWriter, status: HTTPResponse.Status = .ok) -> ServerResponse {
    ServerResponse(status: status, fields: [.contentType: "application/json"], body: writer.bytes)
  }
}
