internal import Synchronization

/// Something that happened, as a Swift type: what modules tell each other, and hear of, within the process.
public protocol BusEvent: Sendable {}

/// Hands typed events to whoever subscribed, in the task of whoever publishes. Modules know the events alone: a
/// ``BusBridge`` publishes what comes out of queues, an ``OutboxRelay`` what went to topics.
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
  /// - Returns: how many there are.
  /// - Throws: what the one subscriber threw that could not handle it, `EventBusError` if several could not.
  @discardableResult
  public func publish(_ event: some BusEvent) async throws -> Int {
    let interested = subscribers.withLock { $0[ObjectIdentifier(type(of: event)), default: []] }
    var failures: [(subscriber: String, error: any Error)] = []
    for subscriber in interested {
      do {
        try await subscriber.handle(event)
      } catch {
        failures.append((subscriber.name, error))
      }
    }
    guard let first = failures.first else { return interested.count }
    throw failures.count == 1 ? first.error : EventBusError.notHandled(failures)
  }
}

/// Why an event was not handled.
public enum EventBusError: Error, CustomStringConvertible {
  /// Nobody subscribed to its type.
  case noSubscriber(to: String)
  /// Several subscribers failed.
  case notHandled([(subscriber: String, error: any Error)])

  public var description: String {
    switch self {
    case .noSubscriber(let type): "nobody subscribed to \(type)"
    case .notHandled(let failures):
      failures.map { "\($0.subscriber): \($0.error)" }.joined(separator: "; ")
    }
  }
}
