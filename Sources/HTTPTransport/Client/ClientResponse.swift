public import HTTPTypes

/// The final answer of an upstream, whole.
public struct ClientResponse: Sendable {
  /// 200 to 599.
  public let status: HTTPResponse.Status
  public let fields: HeaderFields
  /// Transfer coding undone, trailers dropped; empty for HEAD, 204 and 304.
  public let body: [UInt8]

  public init(status: HTTPResponse.Status, fields: HeaderFields = [:], body: [UInt8] = []) {
    self.status = status
    self.fields = fields
    self.body = body
  }
}
