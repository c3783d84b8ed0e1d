internal import Synchronization

/// Something that modules tell each other in process, as a type of its own.
public protocol BusEvent: Sendable {}

/// Hands typed events to whoever subscribed, in the task of whoever publishes. Modules know the events alone; where they
/// come from is the business of a ``BusBridge``.
public final class EventBus: Sendable {
  private struct Subscriber: Sendable {
    let name: String
    let handle: @Sendable (any BusEvent) async throws -> Void
  }

  private let subscribers = Mutex<[ObjectIdentifier: [Subscriber]]>([:])

  public init() {}

  /// - Parameters:
  ///   - name: of the subscriber, for errors.
  ///   - handler: called for each event, perhaps not for the first time: delivery is at least once.
  public func subscribe<Event: BusEvent>(
    to type: Event.Type,
    as name: String,
    _ handler: @escaping @Sendable (Event) async throws -> Void
  ) {
    let subscriber = Subscriber(name: name) { event in
      if let event = event as? Event { try await handler(event) }
    }
    subscribers.withLock { $0[ObjectIdentifier(type), default: []].append(subscriber) }
  }

  /// Has every subscriber of the event's type handle it, one after the other. One that throws does not keep the others
  /// from it.
  /// - Throws: `EventBusError` if any has thrown: the event ought to come again.
  public func publish<Event: BusEvent>(_ event: Event) async throws(EventBusError) {
    let interested = subscribers.withLock { $0[ObjectIdentifier(type(of: event)), default: []] }
    var failures: [(subscriber: String, error: any Error)] = []
    for subscriber in interested {
      do {
        try await subscriber.handle(event)
      } catch {
        failures.append((subscriber.name, error))
      }
    }
    if !failures.isEmpty { throw EventBusError(failures: failures) }
  }
}

/// Which subscribers could not handle an event.
public struct EventBusError: Error, CustomStringConvertible {
  public let failures: [(subscriber: String, error: any Error)]

  public var description: String {
    failures.map { "\($0.subscriber): \($0.error)" }.joined(separator: "; ")
  }
}
