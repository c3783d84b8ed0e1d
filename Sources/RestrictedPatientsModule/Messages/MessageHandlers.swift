public import Events

/// Handles the queue `domainevents` (`restricted-patients.md` §10.1, §10.2): merges, releases to hospital, receptions.
/// A message handled twice changes nothing the second time.
public struct DomainEventsHandler: MessageHandler {
  /// The event types that the queue's subscription asks for.
  public static let eventTypes = [
    ConsumedEvent.mergedType, ConsumedEvent.releasedType, ConsumedEvent.receivedType,
  ]

  let events: PatientEventsService

  /// - Throws: `MergeNotImplemented` for a merge that waits for a person; whatever keeps a message from being handled.
  public func handle(_ message: ReceivedMessage) async throws {
    switch try ConsumedEvent.domainEvent(message.body) {
    case .merged(let removed, let kept): try await events.merged(removed: removed, kept: kept)
    case .released(let number, let reason): try await events.released(number, reason: reason)
    case .received(let number, let limit): try await events.received(number, limit: limit)
    case .other(let type): events.unexpected(type, "domain")
    }
  }
}

/// Handles the queue `offenderevents` (§10.3): receptions into prison.
public struct OffenderEventsHandler: MessageHandler {
  /// The event types that the queue's subscription asks for.
  public static let eventTypes = [ConsumedEvent.receptionType]

  let events: PatientEventsService

  public func handle(_ message: ReceivedMessage) async throws {
    switch try ConsumedEvent.offenderEvent(message.body) {
    case .received(let number, let limit): try await events.received(number, limit: limit)
    case .other(let type): events.unexpected(type, "offender")
    case .merged, .released: break
    }
  }
}
