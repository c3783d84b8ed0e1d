public import HTTPTransport
public import HTTPTypes
public import JSON

/// A call of another service that is about to be made.
public struct UpstreamCall: Sendable {
  public var method: HTTPRequest.Method
  public var url: HTTPURL
  /// JSON; nil for none.
  public var body: [UInt8]?
  /// On whose behalf; nil for this service itself.
  public var user: String?
  /// Whether it only reads, so that it may be sent again when a connection breaks. Default true.
  public var isRead: Bool
  /// Whether no status but 200 is success, as only that comes with what was asked for. Default false: any 2xx is.
  public var wantsOK: Bool
  private let statedPlace: String?

  /// - Parameter place: what errors call it, method and path, where callers must not learn the host; nil for method and
  ///   URL.
  public init(
    _ method: HTTPRequest.Method,
    _ url: HTTPURL,
    body: [UInt8]? = nil,
    user: String? = nil,
    isRead: Bool = true,
    wantsOK: Bool = false,
    place: String? = nil
  ) {
    self.method = method
    self.url = url
    self.body = body
    self.user = user
    self.isRead = isRead
    self.wantsOK = wantsOK
    statedPlace = place
  }

  /// What errors call it: without the query, which may name people.
  var place: String { statedPlace ?? "\(method.rawValue) \(url.withoutQuery)" }

  /// Reads the body of the answer.
  /// - Parameter decode: what it throws must be fit for a log.
  /// - Throws: `UpstreamFailure.unreadable`.
  public func decode<Value, Unreadable: Error>(
    _ body: [UInt8],
    _ decode: ([UInt8]) throws(Unreadable) -> Value
  ) throws(UpstreamFailure) -> Value {
    do throws(Unreadable) {
      return try decode(body)
    } catch {
      throw .unreadable(text: "Unreadable answer from \(place)", cause: "\(error)")
    }
  }

  /// Reads the body of the answer as one JSON value.
  /// - Parameter convert: what it throws must be fit for a log.
  /// - Throws: `UpstreamFailure.unreadable`.
  public func read<Value, Unreadable: Error>(
    _ body: [UInt8],
    _ convert: (JSONValue) throws(Unreadable) -> Value
  ) throws(UpstreamFailure) -> Value {
    let value = try decode(body) { (bytes) throws(JSONError) in try JSONValue(parsing: bytes) }
    return try decode(body) { (_) throws(Unreadable) in try convert(value) }
  }
}
