internal import ServiceKit

/// A row of the outbox that its reader has claimed.
struct OutboxRow: Sendable {
  let id: Int64
  let eventType: String
  let message: [UInt8]
  /// Tries that failed for a reason that lies in the row.
  let attempts: Int
  /// The id of the record, for telemetry.
  let record: String?
  /// In which it was appended.
  let span: SpanContext?

  /// As the broker gets it (`platform.md` §5.5, §5.6): audit messages have no `eventType`.
  /// - Parameter span: in which it is sent.
  /// - Returns: nil for a message that is no UTF-8, which no broker takes.
  func outgoing(_ kind: OutboxLane.Kind, in span: SpanContext?) -> OutgoingMessage? {
    guard String(validating: message, as: UTF8.self) != nil else { return nil }
    var attributes = span?.messageAttributes ?? [:]
    if kind == .event { attributes["eventType"] = MessageAttribute(value: eventType) }
    return OutgoingMessage(body: message, attributes: attributes)
  }
}

/// How the try to publish one row went.
enum OutboxOutcome: Sendable {
  case published(messageID: String)
  case failed(BrokerError)
  /// There was no time left in the claim.
  case untried

  /// Whether the row needs no other try, whatever the broker does.
  var isFinal: Bool {
    switch self {
    case .published: true
    case .failed(let error): error.kind == .refused
    case .untried: false
    }
  }
}
