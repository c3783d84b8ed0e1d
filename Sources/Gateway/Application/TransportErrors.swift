internal import HTTPTransport
internal import HTTPTypes
internal import ServiceKit

/// The body of what the server refuses before it knows which module a request is for: the shape both modules share.
enum TransportErrors {
  static func response(_ status: HTTPResponse.Status, _ reason: String) -> ServerResponse {
    var json = JSONWriter(capacity: 256)
    json.beginObject()
    json.field("status", Int64(status.code))
    json.field("userMessage", reason)
    json.field("developerMessage", reason)
    json.field("errorCode", String?.none)
    json.field("moreInfo", String?.none)
    json.endObject()
    return ServerResponse(status: status, fields: [.contentType: "application/json"], body: json.bytes)
  }
}
