public import Logging
internal import ServiceKit

/// Turns the messages of a queue into typed events of a bus: the one place that knows both.
public struct BusBridge: MessageHandler {
  /// Makes the event of one event type out of the envelope.
  public typealias Decoder = @Sendable (NotificationEnvelope) throws -> any BusEvent

  /// Where a message says what it is (`platform.md` §5.2).
  public enum TypeSource: Sendable {
    /// The envelope's attribute `eventType`, as non-associations reads it.
    case attribute
    /// The member `eventType` of the message inside, as restricted patients reads it.
    case message
  }

  private let bus: EventBus
  private let typeSource: TypeSource
  private let decoders: [String: Decoder]
  private let unknownTypeLevel: Logger.Level
  private let logger: Logger

  /// - Parameters:
  ///   - bus: of this queue alone, as each queue has its own copy of a message and its own tries.
  ///   - decoders: by event type.
  ///   - unknownTypeLevel: at which a message of another type is logged; it is acknowledged.
  public init(
    to bus: EventBus,
    typeSource: TypeSource,
    decoders: [String: Decoder],
    unknownTypeLevel: Logger.Level,
    logger: Logger
  ) {
    self.bus = bus
    self.typeSource = typeSource
    self.decoders = decoders
    self.unknownTypeLevel = unknownTypeLevel
    self.logger = logger
  }

  /// - Throws: `EnvelopeError` for what is no envelope or does not say its type, what the decoder throws, or
  ///   `EventBusError`.
  public func handle(_ message: ReceivedMessage) async throws {
    let envelope = try NotificationEnvelope(parsing: message.body)
    guard let type = try eventType(of: envelope) else { throw EnvelopeError.noEventType }
    guard let decoder = decoders[type] else {
      logger.log(
        level: unknownTypeLevel,
        "message of an unknown type ignored",
        metadata: ["eventType": "\(type)", "messageId": "\(message.id)"]
      )
      return
    }
    try await bus.publish(try decoder(envelope))
  }

  private func eventType(of envelope: NotificationEnvelope) throws -> String? {
    switch typeSource {
    case .attribute: return envelope.eventType
    case .message:
      guard case .object(let members) = try LenientJSON.value(Array(envelope.message.utf8)) else {
        return nil
      }
      return members["eventType"]?.scalarText
    }
  }
}
