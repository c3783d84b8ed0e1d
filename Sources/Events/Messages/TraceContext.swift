/// The W3C trace that work belongs to (`platform.md` §8.2), carried along a task: set around a request or a message's
/// handler, it goes into the outbox with what they append, and from there into the message's attributes.
public struct TraceContext: Hashable, Sendable {
  /// The message attribute, and the header, that carries it.
  public static let attributeName = "traceparent"

  /// `00-<32 hex>-<16 hex>-<2 hex>`.
  public let traceparent: String

  /// nil for a text that is no `traceparent` (W3C Trace Context §3.2): work goes on without a trace then.
  public init?(traceparent: String) {
    let parts = traceparent.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 4, parts[0] != "00" || parts.count == 4, parts[0] != "ff",
      zip(parts, [2, 32, 16, 2]).allSatisfy({ $0.utf8.count == $1 && $0.utf8.allSatisfy(Self.isHexDigit) }),
      parts[1].utf8.contains(where: { $0 != UInt8(ascii: "0") }),
      parts[2].utf8.contains(where: { $0 != UInt8(ascii: "0") })
    else { return nil }
    self.traceparent = parts[..<4].joined(separator: "-")
  }

  /// The 32 hex digits that all work of one trace shares, for logs.
  public var traceID: String { String(traceparent.dropFirst(3).prefix(32)) }

  /// The trace of the running task; nil where nobody gave one.
  @TaskLocal public static var current: TraceContext?

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
  }
}

extension TraceContext {
  /// The trace of a message: of its envelope, else of the queue's own attributes. A message whose trace cannot be read
  /// has none.
  init?(of message: ReceivedMessage) {
    let enveloped = try? NotificationEnvelope(parsing: message.body).attributes[Self.attributeName]?.value
    guard let text = enveloped ?? message.attributes[Self.attributeName]?.value else { return nil }
    self.init(traceparent: text)
  }
}
