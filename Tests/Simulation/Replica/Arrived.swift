internal import Events

/// A message that was received, and the row that it was published for.
struct Arrived {
  let message: ReceivedMessage
  let opened: OpenedMessage
  /// 0 for a message that is none of ours.
  let row: Int64

  init(_ message: ReceivedMessage) {
    self.message = message
    opened = OpenedMessage(message)
    row = (try? opened.envelope.get().message).flatMap { Int64($0) } ?? 0
  }

  /// Whether no handler will ever take it.
  var isPoison: Bool { row % 17 == 0 }
}
