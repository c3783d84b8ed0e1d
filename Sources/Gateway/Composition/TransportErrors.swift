internal import HTTPTransport
internal import HTTPTypes
internal import JSON
internal import Logging
internal import ServiceKit

/// What the server refuses before it knows which module a request is for: the body that both modules share, and a line
/// in the log that the answer's correlation id finds.
struct TransportErrors: Sendable {
  let logger: Logger

  func response(_ status: HTTPResponse.Status, _ reason: String) -> ServerResponse {
    let id = CorrelationID().description
    logger.info(
      "request refused",
      metadata: ["status": "\(status.code)", "reason": "\(reason)", "correlationId": "\(id)"]
    )
    var json = JSONWriter(capacity: 256)
    json.beginObject()
    json.field("status", Int64(status.code))
    json.field("userMessage", reason)
    json.field("developerMessage", reason)
    json.field("errorCode", String?.none)
    json.field("moreInfo", String?.none)
    json.endObject()
    var response = ServerResponse(
      status: status,
      fields: [.contentType: "application/json"],
      body: json.bytes
    )
    if let name = HTTPField.Name.correlationID { response.fields[name] = id }
    return response
  }
}
