internal import ServiceKit

/// A row of the outbox that its reader has claimed.
struct OutboxRow: Sendable {
  let id: Int64
  let eventType: String
  let message: [UInt8]
  /// Attempts that failed while other rows got through.
  let attempts: Int
  /// The id of the record, for telemetry.
  let record: String?
  /// In which it was appended.
  let span: SpanContext?
  /// The name of the request or message that it was appended for; nil where nobody recorded.
  let operation: String?

  /// Where it was meant to go; nil for a row of a release that did not note it.
  let destination: String?

  /// As the broker gets it (docs/contract/platform.md §5.5, §5.6): audit messages have no `eventType`. Whatever the row
  /// holds, this can be sent: characters that a broker does not allow are escaped, and what is too large goes without
  /// its trace, then with its long texts cut.
  /// - Parameters:
  ///   - span: in which it is sent.
  ///   - limit: bytes that the destination takes.
  func outgoing(
    _ kind: OutboxStream.Kind,
    in span: SpanContext?,
    within limit: Int
  ) -> (message: OutgoingMessage, isShortened: Bool) {
    let type = kind == .event ? ["eventType": MessageAttribute(value: eventType)] : [:]
    let body = BrokerText.escaped(message)
    let traced = OutgoingMessage(
      body: body,
      attributes: type.merging(span?.messageAttributes ?? [:]) { first, _ in first }
    )
    if traced.size <= limit { return (traced, false) }
    let untraced = OutgoingMessage(body: body, attributes: type)
    guard untraced.size > limit, var shortened = ShortenedMessage(message) else {
      return (untraced, false)
    }
    let attributesSize = untraced.size - body.count
    let cut = shortened.message(within: limit - attributesSize)
    return (OutgoingMessage(body: cut, attributes: type), cut.count < body.count)
  }
}
