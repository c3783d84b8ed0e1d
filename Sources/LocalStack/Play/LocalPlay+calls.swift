internal import HTTPTransport
internal import HTTPTypes
internal import ServiceKit
internal import Time

extension LocalPlay {
  /// Calls the gateway as a front end does.
  /// - Throws: `PlayFailure.refused` with the gateway's words when it does not answer 2xx.
  func call(_ method: HTTPRequest.Method, _ path: String, token: String, body: [UInt8]?) async throws {
    var fields: HeaderFields = [.authorization: "Bearer \(token)"]
    if body != nil { fields[.contentType] = "application/json" }
    let answer = try await client.send(
      ClientRequest(method: method, url: HTTPURL(gatewayURL + path), fields: fields, body: body),
      deadline: client.clock.now() + .seconds(30)
    )
    guard answer.status.kind == .successful else {
      throw PlayFailure.refused(
        "\(method) \(path) was answered \(answer.status.code): \(String(decoding: answer.body, as: UTF8.self))"
      )
    }
  }
}
