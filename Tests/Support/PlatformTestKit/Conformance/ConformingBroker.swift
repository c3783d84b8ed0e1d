public import Events

/// A broker that ``BrokerClaim``s are checked on: one topic and three queues, all empty at first.
///
/// Queue `main` gets the event types `merged` and `moved` of the topic, hides what is delivered for 30 seconds, and moves
/// it to `dead` after two deliveries; queue `all` gets everything of the topic, hides it for as long, and has no dead
/// letters.
public protocol ConformingBroker: Sendable {
  var topic: any Topic { get }
  var main: any MessageQueue { get }
  var dead: any MessageQueue { get }
  var all: any MessageQueue { get }
  /// A topic and a queue that are not there.
  var nowhere: (topic: any Topic, queue: any MessageQueue) { get }

  /// Runs `body` while time goes by; where time is real, it does so anyway.
  func passingTime<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value
}
