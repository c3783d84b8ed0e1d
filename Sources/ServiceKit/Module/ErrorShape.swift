public import HTTPTransport
public import HTTPTypes
public import JSON

/// The body of a module's errors: a JSON object, in the shape that callers of the service replaced read.
public protocol ErrorShape: Sendable {
  /// What the API's description says of it.
  static var schema: APISchema { get }

  /// The status that it is sent with.
  var status: HTTPResponse.Status { get }

  /// What a caller gets for a request that fails before, or beside, the rules of the module.
  init(_ failure: PlatformFailure)

  /// In how many seconds the same request may succeed, which `Retry-After` tells; nil for no promise.
  var retryAfter: Int? { get }

  /// Writes the properties of the object.
  func writeProperties(to writer: inout JSONWriter)
}

extension ErrorShape {
  /// Nil, unless a shape says otherwise.
  public var retryAfter: Int? { nil }

  /// The whole answer.
  public var response: ServerResponse {
    var writer = JSONWriter(capacity: 512)
    writer.beginObject()
    writeProperties(to: &writer)
    writer.endObject()
    var response = ServerResponse.json(writer, status: status)
    if let retryAfter { response.fields[.retryAfter] = String(retryAfter) }
    return response
  }
}
