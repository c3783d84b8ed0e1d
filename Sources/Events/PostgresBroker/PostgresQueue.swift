internal import Concurrency
internal import EventLoops
public import Time

/// A queue in the database of a ``PostgresBroker``.
public struct PostgresQueue: MessageQueue {
  /// As its row has it.
  public let name: String
  public var system: String { "postgresql" }
  let broker: PostgresBroker
  private let sender: BatchingSender<QueueStore.Sent>

  /// SQS's limit for hiding a message.
  private static let maximumVisibilityTimeout = Duration.seconds(43_200)
  /// The longest that a wait relies on notifications alone.
  private static let longestSilence = Duration.seconds(5)

  private var store: QueueStore { QueueStore(database: broker.database, queue: name) }

  init(name: String, broker: PostgresBroker) {
    (self.name, self.broker) = (name, broker)
    let store = QueueStore(database: broker.database, queue: name)
    sender = BatchingSender(loop: broker.loop) { messages, deadline throws(BrokerError) in
      do {
        try await store.send(messages, deadline: deadline)
      } catch {
        throw BrokerError(error, doing: "send to \(name)")
      }
    }
  }

  public func send(
    _ message: OutgoingMessage,
    deadline: MonotonicInstant
  ) async throws(BrokerError) -> String {
    let text = try message.checkedText(within: OutgoingMessage.maximumQueueSize)
    let id = MessageID.random()
    let attributes = MessageAttribute.json(message.attributes)
    try await sender.send(.init(id: id, body: text, attributes: attributes), deadline: deadline)
    return id
  }

  public func receive(
    limit: Int,
    wait: Duration,
    visibilityTimeout: Duration?,
    deadline: MonotonicInstant
  ) async throws(BrokerError) -> [ReceivedMessage] {
    guard (1...10).contains(limit) else { throw BrokerError(.refused, "a receive takes 1 to 10 messages") }
    let end = min(broker.loop.now() + min(wait, .seconds(20)), deadline)
    // Nothing notifies of a message whose lock is released: it is looked for with back-off.
    var pause = BackOff(initial: .milliseconds(5), maximum: .seconds(1))
    while true {
      let generation = await broker.signal.generation(of: name)
      // In a task of its own: one cancelled between commit and answer would leave its messages hidden for nothing.
      let store = store
      let taking = Task(executorPreference: preferredExecutor()) {
        try await store.receive(limit: limit, visibilityTimeout: visibilityTimeout, deadline: deadline)
      }
      let answer = try await asBroker("receive from") { try await taking.value }
      if !answer.messages.isEmpty { return answer.messages }
      // There may be more behind those that only went to the dead-letter queue.
      if answer.deadLettered > 0 { continue }
      let next = try await asBroker("receive from") { try await store.nextVisible(deadline: deadline) }
      let now = broker.loop.now()
      guard now < end, !Task.isCancelled else { return [] }
      let isLocked = next.map { $0 <= .milliseconds(1) } ?? false
      if !isLocked { pause.reset() }
      let wakeUp = now + (isLocked ? pause.next() : min(next ?? Self.longestSilence, Self.longestSilence))
      await broker.signal.wait(for: name, after: generation, until: min(end, wakeUp))
      if Task.isCancelled { return [] }
    }
  }

  public func delete(
    receipts: [String],
    deadline: MonotonicInstant
  ) async throws(BrokerError) -> [String] {
    let parsed = receipts.compactMap(Receipt.init)
    guard !parsed.isEmpty else { return receipts }
    let stale = try await asBroker("delete from") { try await store.delete(parsed, deadline: deadline) }
    return receipts.filter { text in Receipt(text).map { stale.contains($0) } ?? true }
  }

  public func changeVisibility(
    receipt: String,
    timeout: Duration,
    deadline: MonotonicInstant
  ) async throws(BrokerError) {
    guard let receipt = Receipt(receipt), timeout >= .zero, timeout <= Self.maximumVisibilityTimeout else {
      throw BrokerError(.refused, "a receipt or a visibility timeout that \(name) does not know")
    }
    let isChanged = try await asBroker("hide a message of") {
      try await store.changeVisibility(receipt, timeout, deadline: deadline)
    }
    guard isChanged else { throw BrokerError(.refused, "a receipt of \(name) that is no more") }
  }

  public func status(deadline: MonotonicInstant) async throws(BrokerError) -> QueueStatus {
    try await asBroker("ask for") { try await store.status(deadline: deadline) }
  }

  public func purge(deadline: MonotonicInstant) async throws(BrokerError) {
    try await asBroker("purge") { try await store.purge(deadline: deadline) }
  }

  public func redrive(to source: any MessageQueue, deadline: MonotonicInstant) async throws(BrokerError) {
    try await asBroker("redrive") {
      // What comes back meanwhile, because it failed again, is for the next time.
      let last = try await store.lastMessage(deadline: deadline)
      while try await store.redrive(to: source.name, upTo: last, deadline: deadline) > 0 {}
    }
  }

  private func asBroker<Value>(_ what: String, _ body: () async throws -> Value) async throws(BrokerError)
    -> Value
  {
    do {
      return try await body()
    } catch {
      throw BrokerError(error, doing: "\(what) \(name)")
    }
  }
}

/// Names one delivery: the message's row and how often it had been delivered.
struct Receipt: Hashable {
  let id: Int64
  let delivery: Int64

  init(id: Int64, delivery: Int64) {
    self.id = id
    self.delivery = delivery
  }

  init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let id = Int64(parts[0]), let delivery = Int64(parts[1]) else { return nil }
    self.init(id: id, delivery: delivery)
  }

  var text: String { "\(id).\(delivery)" }
}
