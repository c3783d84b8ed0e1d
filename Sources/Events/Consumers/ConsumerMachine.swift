package import Time

/// What the consumer of one queue does next: poll while there is room, have messages handled and kept hidden meanwhile,
/// schedule retries, acknowledge, stop. It decides only, and knows messages by the numbers of their deliveries;
/// ``QueueConsumer`` does.
///
/// Every path frees the place that a message took, so no message and no failure can stop it.
package struct ConsumerMachine: Equatable, Sendable {
  /// What has happened.
  package enum Event: Equatable, Sendable {
    case started
    /// A poll has ended.
    case received([Arrival])
    case pollFailed
    /// What the queue says of itself; ``maxReceiveCount`` is nil where messages do not go to dead letters.
    case told(visibilityTimeout: Duration, maxReceiveCount: Int?)
    case notTold
    case handled(UInt64)
    /// - isPassing: whether it says nothing against the message, and the next try may succeed.
    case failed(UInt64, isPassing: Bool)
    /// The queue was asked to hide the message for its retry, whether or not it does.
    case retryScheduled(UInt64)
    /// - failed: those of them whose messages will be delivered again.
    case deleted([UInt64], failed: [UInt64])
    /// The instant of ``Action/sleep(until:)`` has come.
    case timer
    /// No further poll begins. Handlers in progress at the instant are cancelled, or after the stop timeout.
    case stopping(by: MonotonicInstant?)
  }

  /// What to do next.
  package enum Action: Equatable, Sendable {
    /// Ask the queue for its visibility timeout and its redrive policy.
    case ask(before: MonotonicInstant)
    case poll(limit: Int, wait: Duration, before: MonotonicInstant)
    case cancelPoll
    case handle(UInt64)
    case cancel(UInt64)
    /// Hide the message for longer: its handler still works.
    case extend(UInt64, by: Duration, before: MonotonicInstant)
    /// Say that the message is kept in flight while the trouble lasts: it is handled again after a pause.
    case keep(UInt64)
    /// Hide the message until it is retried, and forget it then.
    case retry(UInt64, RetryPolicy.Decision, maxReceiveCount: Int?, before: MonotonicInstant)
    /// Forget a message that has failed and whose event type cannot be read: the queue delivers it again after its own
    /// visibility timeout.
    case leave(UInt64)
    /// Forget messages that were not deleted, or of which something was heard that cannot be: the same.
    case forget([UInt64])
    /// Delete the messages from the queue: they are handled.
    case delete([UInt64], before: MonotonicInstant)
    /// Send ``Event/timer`` at this instant, and not at the one named before.
    case sleep(until: MonotonicInstant)
    /// Nothing is in progress any more, and nothing will be.
    case stopped
  }

  /// A message that was received.
  package struct Arrival: Equatable, Sendable {
    /// Names the delivery, for this machine alone.
    package let number: UInt64
    /// The queue's name for the message; the same each time it is delivered.
    package let message: String
    /// How often it was delivered, this time included.
    package let receiveCount: Int
    /// What decides about retries; nil for none.
    package let eventType: String?
    /// Whether the event type could be read: without, the message is retried after the queue's own visibility timeout.
    package let isTypeReadable: Bool

    /// - Parameters: as the properties.
    package init(
      number: UInt64,
      message: String,
      receiveCount: Int = 1,
      eventType: String? = nil,
      isTypeReadable: Bool = true
    ) {
      self.number = number
      self.message = message
      self.receiveCount = receiveCount
      self.eventType = eventType
      self.isTypeReadable = isTypeReadable
    }
  }

  /// What was counted since the start.
  package struct Counts: Equatable, Sendable {
    /// Messages handled, and due to be deleted.
    package var handled = 0
    /// Handlers that failed.
    package var failed = 0
    /// Failures after which the message went to the dead-letter queue.
    package var deadLettered = 0
    /// Polls that the broker did not answer.
    package var failedPolls = 0
  }

  enum Poll: Equatable, Sendable {
    case idle
    case polling(since: MonotonicInstant)
    case pausing(until: MonotonicInstant)
  }

  let settings: ConsumerSettings
  let retryPolicy: RetryPolicy
  /// Without one, no policy of the queue decides about retries.
  let hasDeadLetters: Bool
  var jitter: Jitter
  package internal(set) var counts = Counts()
  var isStarted = false
  var poll = Poll.idle
  var lastPoll = MonotonicInstant(nanoseconds: 0)
  var pollBackOff: BackOff
  /// For polls that bring nothing at once.
  var emptyBackOff: BackOff
  var facts = QueueFacts()
  var deliveries: [ConsumerDelivery] = []
  var acknowledgements = PendingAcknowledgements()
  /// Deliveries that were given up, and not yet said so.
  var forgotten: [UInt64] = []
  var isStopping = false
  /// When handlers are cancelled.
  var stopEnd: MonotonicInstant?
  var isPollCancelled = false
  var hasStopped = false
  /// The instant that was named last, until it has come.
  var timer: MonotonicInstant?

  /// - Parameters:
  ///   - hasDeadLetters: whether messages that fail too often go to another queue.
  ///   - jitter: for pauses while the database is in trouble.
  package init(
    _ settings: ConsumerSettings,
    retryPolicy: RetryPolicy,
    hasDeadLetters: Bool,
    jitter: Jitter
  ) {
    self.settings = settings
    self.retryPolicy = retryPolicy
    self.hasDeadLetters = hasDeadLetters
    self.jitter = jitter
    pollBackOff = BackOff(
      initial: settings.initialPollBackOff,
      maximum: settings.maximumPollBackOff,
      hasJitter: false
    )
    emptyBackOff = pollBackOff
  }

  /// Messages being handled now, or waiting for their retry to be scheduled.
  package var inFlight: Int { deliveries.count }

  /// Since the last poll that the broker answered; none while no further message may be taken.
  package func silence(at now: MonotonicInstant) -> Duration {
    isFull ? .zero : now.duration(since: lastPoll)
  }

  /// Takes notice of what has happened. An event that cannot be gives up its message, which is delivered again.
  /// - Returns: what to do; ``next(at:)`` has what follows.
  package mutating func on(_ event: Event, at now: MonotonicInstant) -> Action? {
    switch event {
    case .started: (isStarted, lastPoll) = (true, now)
    case .received(let arrivals): received(arrivals, at: now)
    case .pollFailed: pollFailed(at: now)
    case .told(let timeout, let maximum):
      facts.told(timeout, maximum, at: now)
      answered()
    case .notTold:
      facts.notTold(at: now)
      answered()
    case .handled(let number):
      guard let delivery = remove(number, while: \.isHandling, at: now) else { break }
      counts.handled += 1
      acknowledgements.add(delivery.arrival.number, until: now + settings.acknowledgementInterval)
    case .failed(let number, let isPassing): failed(number, isPassing, at: now)
    case .retryScheduled(let number): _ = remove(number, while: \.isRetrying, at: now)
    case .deleted(let numbers, let failed):
      acknowledgements.ended(numbers, failed: failed, until: now + settings.acknowledgementInterval)
    case .timer: timer = nil
    case .stopping(let end): stop(by: end, at: now)
    }
    return next(at: now)
  }

  /// - Returns: what else to do; nil when there is nothing left until the next event.
  package mutating func next(at now: MonotonicInstant) -> Action? {
    for index in deliveries.indices {
      if let action = step(index, at: now) { return action }
    }
    return forget() ?? ask(at: now) ?? acknowledge(at: now) ?? (isStopping ? stopped() : receive(at: now))
      ?? sleep(at: now)
  }
}
