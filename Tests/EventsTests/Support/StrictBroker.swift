import Events
import Synchronization
import Time

/// A topic and a queue that take what AWS's pages of Publish and SendMessage say, and nothing else.
final class StrictBroker: Sendable {
  let taken = Mutex<(events: [OutgoingMessage], audits: [OutgoingMessage])>(([], []))
  /// What the queue is set to take.
  let queueLimit: Int

  init(queueLimit: Int = 1_048_576) { self.queueLimit = queueLimit }

  struct StrictTopic: Topic {
    let name = "strict-topic"
    let system = "test"
    let broker: StrictBroker

    func publish(_ message: OutgoingMessage, deadline: MonotonicInstant) async throws(BrokerError) -> String {
      try StrictBroker.check(message, limit: 262_144)
      broker.taken.withLock { $0.events.append(message) }
      return "id"
    }

    func status(deadline: MonotonicInstant) async throws(BrokerError) -> TopicStatus {
      TopicStatus(arn: BrokerARN.topic(name), confirmedSubscriptions: 0, pendingSubscriptions: 0)
    }
  }

  struct StrictQueue: MessageQueue {
    let name = "strict-queue"
    let system = "test"
    let broker: StrictBroker

    func send(_ message: OutgoingMessage, deadline: MonotonicInstant) async throws(BrokerError) -> String {
      try StrictBroker.check(message, limit: broker.queueLimit)
      broker.taken.withLock { $0.audits.append(message) }
      return "id"
    }

    func status(deadline: MonotonicInstant) async throws(BrokerError) -> QueueStatus {
      QueueStatus(
        arn: BrokerARN.queue(name),
        messagesOnQueue: 0,
        messagesInFlight: 0,
        maxReceiveCount: nil,
        deadLetterQueueARN: nil,
        visibilityTimeout: .seconds(30),
        maximumMessageSize: broker.queueLimit
      )
    }

    func receive(limit: Int, wait: Duration, visibilityTimeout: Duration?, deadline: MonotonicInstant)
      async throws(BrokerError) -> [ReceivedMessage]
    {
      throw BrokerError(.misconfigured, "nobody receives here")
    }
    func delete(receipts: [String], deadline: MonotonicInstant) async throws(BrokerError) -> [String] {
      receipts
    }
    func changeVisibility(receipt: String, timeout: Duration, deadline: MonotonicInstant)
      async throws(BrokerError)
    {}
    func purge(deadline: MonotonicInstant) async throws(BrokerError) {}
    func redrive(to source: any MessageQueue, deadline: MonotonicInstant) async throws(BrokerError) {}
  }

  /// - Throws: `BrokerError` of kind `refused`.
  static func check(_ message: OutgoingMessage, limit: Int) throws(BrokerError) {
    func refuse(_ reason: String) -> BrokerError { BrokerError(.refused, reason) }
    var size = message.body.count
    guard size > 0 else { throw refuse("empty") }
    guard let text = String(validating: message.body, as: UTF8.self) else { throw refuse("no UTF-8") }
    guard isAllowed(text) else { throw refuse("characters of the body") }
    guard message.attributes.count <= 10 else { throw refuse("too many attributes") }
    for (name, attribute) in message.attributes {
      size += name.utf8.count + attribute.dataType.utf8.count + attribute.value.utf8.count
      guard !attribute.value.isEmpty, isAllowed(attribute.value) else { throw refuse("value of \(name)") }
      guard !name.isEmpty, name.utf8.count <= 256,
        name.allSatisfy({ $0.isASCII && ($0.isLetter || $0 == "-") })
      else { throw refuse("name \(name)") }
    }
    guard size <= limit else { throw refuse("\(size) bytes") }
  }

  private static func isAllowed(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { scalar in
      switch scalar.value {
      case 0x09, 0x0A, 0x0D, 0x20...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: true
      default: false
      }
    }
  }
}
