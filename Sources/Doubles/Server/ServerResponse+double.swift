package import HTTPTransport
package import HTTPTypes

extension ServerResponse {
  /// An answer in JSON.
  package static func json(_ status: HTTPResponse.Status, _ body: [UInt8]) -> ServerResponse {
    ServerResponse(status: status, fields: [.contentType: "application/json"], body: body)
  }

  /// An answer in JSON.
  package static func json(_ status: HTTPResponse.Status, _ text: String) -> ServerResponse {
    json(status, Array(text.utf8))
  }

  /// The answer of `GET /health/ping` (docs/contract/upstreams.md §3.2).
  package static var ping: ServerResponse { json(.ok, #"{"status":"UP"}"#) }

  /// What the services answer to an unknown path.
  package static var notFound: ServerResponse {
    json(.notFound, #"{"status":404,"userMessage":"Not found","developerMessage":"Not found"}"#)
  }
}
