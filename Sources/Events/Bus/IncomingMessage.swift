/// A message as a module reads it, without the envelope of the topic.
public struct IncomingMessage: Equatable, Sendable {
  /// What the publisher said beside the message that it is; nil if it said nothing.
  public let eventType: String?
  /// What was published: mostly JSON in UTF-8.
  public let text: [UInt8]

  /// - Parameters:
  ///   - eventType: what the publisher said beside the message that it is; nil if it said nothing.
  ///   - text: what was published.
  public init(eventType: String?, text: [UInt8]) {
    self.eventType = eventType
    self.text = text
  }
}

/// Why a message cannot be read. Quotes nothing of it.
public struct UnreadableMessage: Error, Equatable, CustomStringConvertible {
  /// What is wrong with it, for a log.
  public let reason: String

  /// - Parameter reason: quotes nothing of the message.
  public init(reason: String) { self.reason = reason }

  public var description: String { "unreadable message: \(reason)" }
}
