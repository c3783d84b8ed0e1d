public import Events
public import Time

/// Topics and queues as a value that is told the time: what SNS and SQS, and the broker in PostgreSQL, do for relays and
/// consumers. It is believed because the conformance suite of brokers holds for it.
public struct ModelBroker: Sendable {
  /// A message on a queue.
  struct Message: Sendable {
    /// The same each time it is delivered.
    let id: String
    let body: [UInt8]
    let attributes: [String: MessageAttribute]
    var deliveries = 0
    var visibleAt: MonotonicInstant
    /// Of its latest delivery.
    var receipt: String?
  }

  struct Queue: Sendable {
    let visibilityTimeout: Duration
    let deadLetterQueue: String?
    let maximumReceiveCount: Int
    var messages: [Message] = []
  }

  private struct Subscription: Sendable {
    let queue: String
    let filter: FilterPolicy?
  }

  private(set) var queues: [String: Queue] = [:]
  private var topics: [String: [Subscription]] = [:]
  private var lastNumber = 0

  public init() {}

  // MARK: Set-up

  public mutating func createTopic(_ name: String) { topics[name] = topics[name] ?? [] }

  /// Makes the queue, its dead-letter queue and its subscriptions to topics that are there.
  public mutating func createQueue(_ definition: QueueDefinition) {
    if let name = definition.deadLetterQueue {
      queues[name] = Queue(
        visibilityTimeout: definition.visibilityTimeout,
        deadLetterQueue: nil,
        maximumReceiveCount: .max
      )
    }
    queues[definition.name] = Queue(
      visibilityTimeout: definition.visibilityTimeout,
      deadLetterQueue: definition.deadLetterQueue,
      maximumReceiveCount: definition.deadLetterQueue == nil ? .max : definition.maximumReceiveCount
    )
    for subscription in definition.subscriptions {
      topics[subscription.topic]?.append(Subscription(queue: definition.name, filter: subscription.filter))
    }
  }

  // MARK: Topics

  /// Puts the message, in its envelope, into every queue whose subscription lets it through.
  /// - Returns: the topic's id of the message.
  public mutating func publish(_ message: OutgoingMessage, to topic: String, at now: MonotonicInstant)
    throws(BrokerError) -> String
  {
    let text = try message.checkedText(within: OutgoingMessage.maximumTopicSize)
    guard let subscriptions = topics[topic] else {
      throw BrokerError(.notFound, "there is no topic \(topic)")
    }
    let id = nextID("p")
    let envelope = NotificationEnvelope.text(
      of: text,
      attributes: message.attributes,
      id: id,
      topicARN: BrokerARN.topic(topic),
      at: Timestamp(microseconds: Int64(clamping: now.nanoseconds / 1000))
    )
    for subscription in subscriptions where Self.passes(message, subscription.filter) {
      add(Array(envelope.utf8), [:], to: subscription.queue, at: now)
    }
    return id
  }

  private static func passes(_ message: OutgoingMessage, _ filter: FilterPolicy?) -> Bool {
    guard let filter else { return true }
    return filter.attributes.allSatisfy { name, texts in
      message.attributes[name].map { texts.contains($0.value) } ?? false
    }
  }

  public func subscriptions(of topic: String) throws(BrokerError) -> Int {
    guard let subscriptions = topics[topic] else {
      throw BrokerError(.notFound, "there is no topic \(topic)")
    }
    return subscriptions.count
  }

  // MARK: Queues

  /// - Returns: the queue's id of the message.
  public mutating func send(_ message: OutgoingMessage, to queue: String, at now: MonotonicInstant)
    throws(BrokerError) -> String
  {
    _ = try message.checkedText(within: OutgoingMessage.maximumQueueSize)
    _ = try find(queue)
    return add(message.body, message.attributes, to: queue, at: now)
  }

  @discardableResult
  private mutating func add(
    _ body: [UInt8],
    _ attributes: [String: MessageAttribute],
    to queue: String,
    at now: MonotonicInstant
  ) -> String {
    let id = nextID("m")
    queues[queue]?.messages.append(Message(id: id, body: body, attributes: attributes, visibleAt: now))
    return id
  }

  /// Takes visible messages. One that was delivered too often goes to the dead-letter queue instead.
  /// - Parameter order: which of so many come first; those that became visible first, unless told otherwise.
  public mutating func receive(
    from queue: String,
    limit: Int,
    visibilityTimeout: Duration? = nil,
    at now: MonotonicInstant,
    order: (Int) -> [Int] = { Array(0..<$0) }
  ) throws(BrokerError) -> [ReceivedMessage] {
    guard (1...10).contains(limit) else { throw BrokerError(.refused, "a receive takes 1 to 10 messages") }
    var found = try find(queue)
    moveDeadLetters(of: queue, &found, at: now)
    let visible = found.messages.indices.filter { found.messages[$0].visibleAt <= now }
    var taken: [ReceivedMessage] = []
    for position in order(visible.count).prefix(limit) {
      let index = visible[position]
      found.messages[index].deliveries += 1
      let receipt = "\(found.messages[index].id)/\(nextID("r"))"
      found.messages[index].receipt = receipt
      found.messages[index].visibleAt = now + (visibilityTimeout ?? found.visibilityTimeout)
      let message = found.messages[index]
      taken.append(
        ReceivedMessage(
          id: message.id,
          receipt: receipt,
          body: message.body,
          receiveCount: message.deliveries,
          attributes: message.attributes
        )
      )
    }
    queues[queue] = found
    return taken
  }

  private mutating func moveDeadLetters(of name: String, _ queue: inout Queue, at now: MonotonicInstant) {
    guard let target = queue.deadLetterQueue else { return }
    let limit = queue.maximumReceiveCount
    func isDead(_ message: Message) -> Bool { message.visibleAt <= now && message.deliveries >= limit }
    let dead = queue.messages.filter(isDead)
    if dead.isEmpty { return }
    queue.messages.removeAll(where: isDead)
    for var message in dead {
      (message.deliveries, message.receipt, message.visibleAt) = (0, nil, now)
      queues[target]?.messages.append(message)
    }
  }

  /// When the next message can be received; nil for an empty queue.
  public func nextVisible(on queue: String) -> MonotonicInstant? {
    queues[queue]?.messages.map(\.visibleAt).min()
  }

  /// - Returns: the receipts that could not be deleted.
  public mutating func delete(_ receipts: [String], from queue: String) throws(BrokerError) -> [String] {
    var found = try find(queue)
    // What is gone is deleted already; what has been delivered again since is not this receipt's.
    let stale = receipts.filter { receipt in
      guard let id = Self.message(of: receipt) else { return true }
      return found.messages.contains { $0.id == id && $0.receipt != receipt }
    }
    found.messages.removeAll { $0.receipt.map(receipts.contains) ?? false }
    queues[queue] = found
    return stale
  }

  /// Hides the delivery from now on.
  public mutating func changeVisibility(
    _ receipt: String,
    on queue: String,
    timeout: Duration,
    at now: MonotonicInstant
  ) throws(BrokerError) {
    let index = try find(queue).messages.firstIndex { $0.receipt == receipt }
    guard let index, timeout >= .zero, timeout <= .seconds(43_200) else {
      throw BrokerError(.refused, "a receipt or a visibility timeout that \(queue) does not know")
    }
    queues[queue]?.messages[index].visibleAt = now + timeout
  }

  public func status(of queue: String, at now: MonotonicInstant) throws(BrokerError) -> QueueStatus {
    let found = try find(queue)
    let visible = found.messages.filter { $0.visibleAt <= now }.count
    return QueueStatus(
      arn: BrokerARN.queue(queue),
      messagesOnQueue: visible,
      messagesInFlight: found.messages.count - visible,
      maxReceiveCount: found.deadLetterQueue == nil ? nil : found.maximumReceiveCount,
      deadLetterQueueARN: found.deadLetterQueue.map { BrokerARN.queue($0) },
      visibilityTimeout: found.visibilityTimeout
    )
  }

  public mutating func purge(_ queue: String) throws(BrokerError) {
    _ = try find(queue)
    queues[queue]?.messages = []
  }

  /// Moves everything back, with new ids and receive counts.
  public mutating func redrive(from queue: String, to source: String, at now: MonotonicInstant)
    throws(BrokerError)
  {
    let messages = try find(queue).messages
    _ = try find(source)
    queues[queue]?.messages = []
    for message in messages { add(message.body, message.attributes, to: source, at: now) }
  }

  /// Delivers again what was delivered and is hidden, as a queue that promises "at least once" may.
  /// - Parameter pick: which of so many.
  public mutating func duplicate(on queue: String, at now: MonotonicInstant, pick: (Int) -> Int) {
    guard let messages = queues[queue]?.messages else { return }
    let hidden = messages.indices.filter { messages[$0].visibleAt > now }
    if hidden.isEmpty { return }
    queues[queue]?.messages[hidden[pick(hidden.count)]].visibleAt = now
  }

  /// The message's id in a receipt; nil for what is none.
  static func message(of receipt: String) -> String? {
    let parts = receipt.split(separator: "/")
    return parts.count == 2 && parts[1].hasPrefix("r") ? String(parts[0]) : nil
  }

  private func find(_ name: String) throws(BrokerError) -> Queue {
    guard let queue = queues[name] else { throw BrokerError(.notFound, "there is no queue \(name)") }
    return queue
  }

  private mutating func nextID(_ kind: String) -> String {
    lastNumber += 1
    return "\(kind)\(lastNumber)"
  }
}
