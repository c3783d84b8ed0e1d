/// A message on its way to a topic or queue.
public struct OutgoingMessage: Equatable, Sendable {
  /// UTF-8.
  public let body: [UInt8]
  public let attributes: [String: MessageAttribute]

  public init(body: [UInt8], attributes: [String: MessageAttribute] = [:]) {
    self.body = body
    self.attributes = attributes
  }
}
