import Events
import PlatformTestKit
import Simulation
import Synchronization
import TestKit
import Time

/// The model of a broker behind the protocols of a real one, with a clock that moves only while somebody lets time pass.
final class ModelConformance: ConformingBroker {
  private struct State {
    var broker = ModelBroker()
    var now = MonotonicInstant.at(1_000_000)
    /// Whether time passes for who waits.
    var isTimePassing = false
    /// Who waits for a message.
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state: Mutex<State>

  init() {
    var state = State()
    state.broker.createTopic("t")
    state.broker.createQueue(
      QueueDefinition(
        "main",
        deadLetterQueue: "dead",
        maximumReceiveCount: 2,
        subscriptions: [
          SubscriptionDefinition(topic: "t", filter: FilterPolicy(eventTypes: BrokerFixture.types))
        ]
      )
    )
    state.broker.createQueue(QueueDefinition("all", subscriptions: [SubscriptionDefinition(topic: "t")]))
    self.state = Mutex(state)
  }

  var topic: any Topic { ModelTopic(name: "t", model: self) }
  var main: any MessageQueue { ModelQueue(name: "main", model: self) }
  var dead: any MessageQueue { ModelQueue(name: "dead", model: self) }
  var all: any MessageQueue { ModelQueue(name: "all", model: self) }
  var nowhere: (topic: any Topic, queue: any MessageQueue) {
    (ModelTopic(name: "nowhere", model: self), ModelQueue(name: "nowhere", model: self))
  }

  /// While the body runs, who waits moves the clock, and nobody else: it stands still once a message has been taken,
  /// however late the body's task goes on, so that what was hidden stays hidden.
  func passingTime<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws
    -> Value
  {
    state.withLock { $0.isTimePassing = true }
    defer { state.withLock { $0.isTimePassing = false } }
    return try await body()
  }

  /// Wakes up everybody who waits, once the state has changed.
  private func change<Value, Failure: Error>(
    _ body: (inout State) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    let (result, waiting) = state.withLock { state in
      let result: Result<Value, Failure>
      do throws(Failure) { result = .success(try body(&state)) } catch { result = .failure(error) }
      defer { state.waiting = [] }
      return (result, state.waiting)
    }
    for waiter in waiting { waiter.resume() }
    return try result.get()
  }

  fileprivate func call<Value>(
    _ body: (inout ModelBroker, MonotonicInstant) throws(BrokerError) -> Value
  ) throws(BrokerError) -> Value {
    try change { (state) throws(BrokerError) in try body(&state.broker, state.now) }
  }

  fileprivate func receive(
    _ queue: String,
    _ limit: Int,
    _ wait: Duration,
    _ visibilityTimeout: Duration?
  ) async throws(BrokerError) -> [ReceivedMessage] {
    let end = state.withLock { $0.now + wait }
    while true {
      let taken = try state.withLock { (state) throws(BrokerError) in
        try state.broker.receive(
          from: queue,
          limit: limit,
          visibilityTimeout: visibilityTimeout,
          at: state.now
        )
      }
      if !taken.isEmpty || state.withLock({ $0.now >= end }) { return taken }
      await withCheckedContinuation { continuation in
        let isTime = state.withLock { state in
          let next = min(end, state.broker.nextVisible(on: queue) ?? end)
          if state.isTimePassing { state.now = max(state.now, next) }
          let isTime = state.now >= next
          if !isTime { state.waiting.append(continuation) }
          return isTime
        }
        if isTime { continuation.resume() }
      }
    }
  }
}

private struct ModelTopic: Topic {
  let name: String
  let system = "model"
  let model: ModelConformance

  func publish(_ message: OutgoingMessage, deadline: MonotonicInstant) async throws(BrokerError) -> String {
    try model.call { (broker, now) throws(BrokerError) in try broker.publish(message, to: name, at: now) }
  }

  func status(deadline: MonotonicInstant) async throws(BrokerError) -> TopicStatus {
    let count = try model.call { (broker, _) throws(BrokerError) in try broker.subscriptions(of: name) }
    return TopicStatus(arn: BrokerARN.topic(name), confirmedSubscriptions: count, pendingSubscriptions: 0)
  }
}

private struct ModelQueue: MessageQueue {
  let name: String
  let system = "model"
  let model: ModelConformance

  func send(_ message: OutgoingMessage, deadline: MonotonicInstant) async throws(BrokerError) -> String {
    try model.call { (broker, now) throws(BrokerError) in try broker.send(message, to: name, at: now) }
  }

  func receive(
    limit: Int,
    wait: Duration,
    visibilityTimeout: Duration?,
    deadline: MonotonicInstant
  ) async throws(BrokerError) -> [ReceivedMessage] {
    try await model.receive(name, limit, wait, visibilityTimeout)
  }

  func delete(receipts: [String], deadline: MonotonicInstant) async throws(BrokerError) -> [String] {
    try model.call { (broker, _) throws(BrokerError) in try broker.delete(receipts, from: name) }
  }

  func changeVisibility(receipt: String, timeout: Duration, deadline: MonotonicInstant)
    async throws(BrokerError)
  {
    try model.call { (broker, now) throws(BrokerError) in
      try broker.changeVisibility(receipt, on: name, timeout: timeout, at: now)
    }
  }

  func status(deadline: MonotonicInstant) async throws(BrokerError) -> QueueStatus {
    try model.call { (broker, now) throws(BrokerError) in try broker.status(of: name, at: now) }
  }

  func purge(deadline: MonotonicInstant) async throws(BrokerError) {
    try model.call { (broker, _) throws(BrokerError) in try broker.purge(name) }
  }

  func redrive(to source: any MessageQueue, deadline: MonotonicInstant) async throws(BrokerError) {
    try model.call { (broker, now) throws(BrokerError) in
      try broker.redrive(from: name, to: source.name, at: now)
    }
  }
}
