public import EventLoops
internal import Instrumentation
public import Logging
public import ServiceKit
public import Time
internal import Tracing

/// Receives messages from a queue and has them handled, for as long as the process runs (docs/contract/platform.md §5.3,
/// §5.4): it does what a ``ConsumerMachine`` decides, and tells it what came of it.
///
/// A message is deleted after its handler has returned, stays hidden for as long as the handler runs, and is delivered
/// again after the queue's back-off when the handler throws. Every path frees the place that a message took, and every
/// call of the broker has a deadline, so no message and no failure can stop the consumer.
public actor QueueConsumer: MachineExecutor {
  /// A message that was received and is not yet handled.
  struct Delivery {
    let message: OpenedMessage
    var handler: Task<Void, Never>?
    /// What the handler threw last, and where.
    var failure: (error: any Error, context: InstrumentationContext?)?
  }

  nonisolated let loop: EventLoop
  public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  let id: String
  let queue: any MessageQueue
  let deadLetterQueue: (any MessageQueue)?
  private let handler: any MessageHandler
  private let open: @Sendable (ReceivedMessage) -> OpenedMessage
  let retryPolicy: RetryPolicy
  let module: String?
  private let spans: Spans
  let telemetry: any Telemetry
  let logger: Logger
  var machine: ConsumerMachine
  var life = ExecutorLife()
  var deliveries: [UInt64: Delivery] = [:]
  /// Of messages that are handled and not yet deleted.
  private var receipts: [UInt64: String] = [:]
  private var lastDelivery: UInt64 = 0
  private var polling: Task<Void, Never>?
  private var lastPollError: String?
  private var hasStarted = false

  /// - Parameters:
  ///   - id: the queue's configured id, as logs name it: `nonassociations`.
  ///   - deadLetterQueue: where the broker moves messages that failed too often; nil without one.
  ///   - propagatesTracing: whether a message is handled in the trace that it names (docs/contract/platform.md §8.2).
  ///   - module: whose messages they are, for telemetry.
  ///   - spans: opens a span for each message, in the trace of its publisher.
  ///   - loop: where the consumer and its handlers run.
  public init(
    id: String,
    queue: any MessageQueue,
    deadLetterQueue: (any MessageQueue)?,
    handler: any MessageHandler,
    retryPolicy: RetryPolicy,
    propagatesTracing: Bool = true,
    settings: ConsumerSettings = ConsumerSettings(),
    module: String? = nil,
    spans: Spans = Spans(),
    telemetry: any Telemetry,
    loop: EventLoop,
    logger: Logger
  ) {
    self.init(
      id: id,
      queue: queue,
      deadLetterQueue: deadLetterQueue,
      handler: handler,
      open: { OpenedMessage($0, isTraced: propagatesTracing) },
      retryPolicy: retryPolicy,
      settings: settings,
      module: module,
      spans: spans,
      telemetry: telemetry,
      loop: loop,
      logger: logger
    )
  }

  /// - Parameter open: called once for each message that is received.
  init(
    id: String,
    queue: any MessageQueue,
    deadLetterQueue: (any MessageQueue)?,
    handler: any MessageHandler,
    open: @escaping @Sendable (ReceivedMessage) -> OpenedMessage,
    retryPolicy: RetryPolicy,
    settings: ConsumerSettings,
    module: String? = nil,
    spans: Spans,
    telemetry: any Telemetry,
    loop: EventLoop,
    logger: Logger
  ) {
    var logger = logger
    logger[metadataKey: "queue"] = "\(queue.name)"
    self.id = id
    self.queue = queue
    self.deadLetterQueue = deadLetterQueue
    self.handler = handler
    self.open = open
    self.retryPolicy = retryPolicy
    self.module = module
    self.spans = spans
    self.telemetry = telemetry
    self.loop = loop
    self.logger = logger
    machine = ConsumerMachine(
      settings,
      retryPolicy: retryPolicy,
      hasDeadLetters: deadLetterQueue != nil,
      jitter: Jitter(seed: .random(in: .min ... .max))
    )
  }

  // MARK: Life

  /// Begins to poll. Call it once.
  public func start() {
    guard !hasStarted else { return }
    hasStarted = true
    on(.started)
  }

  /// Stops polling, waits until every message that was taken is handled and acknowledged, and returns. Handlers that
  /// take longer than the stop timeout are cancelled; their messages come again.
  /// - Parameter deadline: when they are cancelled at the latest.
  public func stop(by deadline: MonotonicInstant? = nil) async {
    on(.stopping(by: deadline))
    await ended()
  }

  /// Whether `stop()` has begun, and no further poll begins.
  var isStopping: Bool { machine.isStopping }

  /// How the consumer is doing now.
  public func statistics() -> ConsumerStatistics {
    var statistics = ConsumerStatistics(id: id, sinceLastPoll: machine.silence(at: loop.now()))
    statistics.handled = machine.counts.handled
    statistics.failed = machine.counts.failed
    statistics.deadLettered = machine.counts.deadLettered
    statistics.failedPolls = machine.counts.failedPolls
    statistics.inFlight = machine.inFlight
    statistics.lastPollError = lastPollError
    return statistics
  }

  // MARK: Actions

  func perform(_ action: ConsumerMachine.Action) {
    switch action {
    case .ask(let deadline): Task(executorPreference: loop) { await self.ask(deadline) }
    case .poll(let limit, let wait, let deadline):
      polling = Task(executorPreference: loop) { await self.poll(limit, wait, deadline) }
    case .cancelPoll: polling?.cancel()
    case .handle(let number):
      deliveries[number]?.handler = Task(executorPreference: loop) { await self.handle(number) }
    case .cancel(let number): deliveries[number]?.handler?.cancel()
    case .extend(let number, let timeout, let deadline):
      Task(executorPreference: loop) { await self.extend(number, timeout, deadline) }
    case .keep(let number): reportKept(number)
    case .retry(let number, let decision, let limit, let deadline):
      Task(executorPreference: loop) { await self.retry(number, decision, limit, deadline) }
    case .leave(let number): leave(number)
    case .forget(let numbers):
      for number in numbers { (deliveries[number], receipts[number]) = (nil, nil) }
      logger.warning(
        "messages not deleted from the queue: it will deliver them again",
        metadata: ["count": "\(numbers.count)"]
      )
    case .delete(let numbers, let deadline):
      Task(executorPreference: loop) { await self.delete(numbers, deadline) }
    case .sleep(let instant): sleep(until: instant, then: .timer)
    case .stopped: end()
    }
  }

  private func ask(_ deadline: MonotonicInstant) async {
    do throws(BrokerError) {
      let status = try await queue.status(deadline: deadline)
      if deadLetterQueue != nil, status.maxReceiveCount == nil {
        logger.warning("the queue has a dead-letter queue but no redrive policy")
      }
      on(.told(visibilityTimeout: status.visibilityTimeout, maxReceiveCount: status.maxReceiveCount))
    } catch {
      logger.warning(
        "the queue's visibility timeout and redrive policy cannot be read",
        metadata: ["reason": "\(error)"]
      )
      on(.notTold)
    }
  }

  private func poll(_ limit: Int, _ wait: Duration, _ deadline: MonotonicInstant) async {
    do throws(BrokerError) {
      let messages = try await queue.receive(
        limit: limit,
        wait: wait,
        visibilityTimeout: nil,
        deadline: deadline
      )
      lastPollError = nil
      on(.received(messages.map(arrival)))
    } catch {
      if !machine.isStopping {
        lastPollError = "\(error)"
        logger.error("queue poll failed: retrying with back-off", metadata: ["reason": "\(error)"])
      }
      on(.pollFailed)
    }
  }

  private func arrival(_ message: ReceivedMessage) -> ConsumerMachine.Arrival {
    let opened = open(message)
    lastDelivery += 1
    deliveries[lastDelivery] = Delivery(message: opened)
    return ConsumerMachine.Arrival(
      number: lastDelivery,
      message: message.id,
      receiveCount: message.receiveCount,
      eventType: opened.eventType,
      isTypeReadable: opened.isTypeReadable
    )
  }

  private func handle(_ number: UInt64) async {
    guard let message = deliveries[number]?.message else { return }
    let name = message.eventType.map { "RECEIVE \($0)" } ?? "RECEIVE"
    let handler = handler
    let failure: (error: any Error, context: InstrumentationContext?)? =
      await spans.around(
        name,
        .consumer,
        parent: message.span,
        operation: spans.operation(name, module: module)
      ) { span in
        span?.describe(system: queue.system, destination: queue.name, operation: "process")
        do {
          try await handler.handle(message)
          return nil
        } catch {
          span?.recordError(error)
          span?.setStatus(SpanStatus(code: .error))
          return (error, InstrumentationContext.current)
        }
      }
    if failure == nil {
      receipts[number] = message.message.receipt
      deliveries[number] = nil
    } else {
      deliveries[number]?.failure = failure
    }
    on(failure.map { .failed(number, isPassing: PassingTrouble.caused($0.error)) } ?? .handled(number))
  }

  private func extend(_ number: UInt64, _ timeout: Duration, _ deadline: MonotonicInstant) async {
    guard let receipt = deliveries[number]?.message.message.receipt else { return }
    do throws(BrokerError) {
      try await queue.changeVisibility(receipt: receipt, timeout: timeout, deadline: deadline)
    } catch {
      logger.warning(
        "visibility timeout not extended: the queue may deliver the message twice",
        metadata: ["reason": "\(error)"]
      )
    }
  }

  private func retry(
    _ number: UInt64,
    _ decision: RetryPolicy.Decision,
    _ maxReceiveCount: Int?,
    _ deadline: MonotonicInstant
  ) async {
    guard let delivery = deliveries.removeValue(forKey: number) else { return on(.retryScheduled(number)) }
    report(delivery) { report(decision, delivery.message, maxReceiveCount) }
    do throws(BrokerError) {
      try await queue.changeVisibility(
        receipt: delivery.message.message.receipt,
        timeout: .seconds(decision.seconds),
        deadline: deadline
      )
    } catch {
      logger.warning("error visibility timeout not set", metadata: ["reason": "\(error)"])
    }
    on(.retryScheduled(number))
  }

  private func delete(_ numbers: [UInt64], _ deadline: MonotonicInstant) async {
    let named = numbers.map { receipts[$0] ?? "" }
    var failed = numbers
    do throws(BrokerError) {
      let left = Set(try await queue.delete(receipts: named, deadline: deadline))
      failed = zip(numbers, named).filter { left.contains($0.1) }.map(\.0)
    } catch {
      logger.warning(
        "handled messages not deleted from the queue: retrying",
        metadata: ["count": "\(failed.count)", "reason": "\(error)"]
      )
    }
    for number in numbers where !failed.contains(number) { receipts[number] = nil }
    on(.deleted(numbers, failed: failed))
  }
}

extension ConsumerMachine: EventMachine {}
