internal import Synchronization

/// Something that happened, as a Swift type: what modules publish and subscribe to within the process.
public protocol BusEvent: Sendable {}

/// Hands typed events to their subscribers, in the publisher's task. Modules know the events alone: a
/// ``BusBridge`` publishes what comes out of queues, an ``OutboxRelay`` what went to topics.
public final class EventBus: Sendable {
  private struct Subscriber: Sendable {
    let name: String
    let handle: @Sendable (any BusEvent) async throws -> Void
  }

  private let subscribers = Mutex<[ObjectIdentifier: [Subscriber]]>([:])

  /// A bus without subscribers.
  public init() {}

  /// - Parameters:
  ///   - name: of the subscriber, for errors.
  ///   - handler: called for each event. Must be idempotent: delivery is at least once.
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

  /// Calls every subscriber of the event's type, one after the other, even after one has thrown.
  /// - Returns: how many there are.
  /// - Throws: what the failing subscriber threw; `EventBusError` if several failed.
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
