public import EventLoops
public import Logging
public import ServiceKit
internal import Text
public import Time
internal import Tracing

/// Takes messages from a queue and has them handled, for as long as the process runs (`platform.md` §5.3, §5.4).
///
/// A message is deleted after its handler has returned, stays hidden for as long as the handler runs, and comes again
/// after the queue's back-off when the handler throws. Every path gives back the place that a message took, and every
/// call of the broker has a deadline, so no message and no failure can make the consumer deaf.
public actor QueueConsumer {
  nonisolated let loop: EventLoop
  public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  private let id: String
  private let queue: any MessageQueue
  private let handler: any MessageHandler
  private let settings: ConsumerSettings
  private let failures: FailureRule
  private let acknowledgements: Acknowledgements
  private let spans: Spans
  private let logger: Logger
  private var counters: ConsumerStatistics
  private var lastPoll = MonotonicInstant.now()
  private var isPolling = false
  private var visibilityTimeout = Duration.seconds(30)
  /// When the queue told its timeout; nil before it has.
  private var timeoutTold: MonotonicInstant?
  private var isAskingTimeout = false
  /// Ids of the messages being handled, and how many deliveries of each.
  private var inHand: [String: Int] = [:]
  private var polling: Task<Void, Never>?
  private var handlers: [UInt64: Task<Void, Never>] = [:]
  private var lastHandler: UInt64 = 0
  private var free: UnsafeContinuation<Void, Never>?

  /// - Parameters:
  ///   - id: the queue's configured id, as logs name it: `nonassociations`.
  ///   - deadLetterQueue: where the broker moves messages that failed too often; nil without one.
  ///   - spans: opens a span for each message, in the trace that it brings.
  ///   - loop: where the consumer and its handlers run.
  public init(
    id: String,
    queue: any MessageQueue,
    deadLetterQueue: (any MessageQueue)?,
    handler: any MessageHandler,
    errorVisibility: ErrorVisibility,
    settings: ConsumerSettings = ConsumerSettings(),
    spans: Spans = Spans(),
    telemetry: any Telemetry,
    loop: EventLoop,
    logger: Logger
  ) {
    var logger = logger
    logger[metadataKey: "queue"] = "\(queue.name)"
    self.id = id
    self.queue = queue
    self.handler = handler
    self.settings = settings
    self.spans = spans
    self.loop = loop
    self.logger = logger
    failures = FailureRule(
      id: id,
      queue: queue,
      deadLetterQueue: deadLetterQueue,
      errorVisibility: errorVisibility,
      callTimeout: settings.callTimeout,
      telemetry: telemetry,
      loop: loop,
      logger: logger
    )
    acknowledgements = Acknowledgements(queue: queue, settings: settings, loop: loop, logger: logger)
    counters = ConsumerStatistics(id: id, sinceLastPoll: .zero)
  }

  // MARK: Life

  /// Begins to poll. Call it once.
  public func start() {
    guard polling == nil else { return }
    lastPoll = .now()
    polling = Task(executorPreference: loop) { await self.poll() }
  }

  /// Stops polling, waits until every message that was taken is handled and acknowledged, and returns. Handlers that
  /// take longer than the stop timeout are cancelled; their messages come again.
  /// - Parameter deadline: when they are cancelled at the latest.
  public func stop(by deadline: MonotonicInstant? = nil) async {
    let latest = MonotonicInstant.now() + settings.stopTimeout
    polling?.cancel()
    await polling?.value
    let late = loop.schedule(at: min(latest, deadline ?? latest)) { [weak self] in
      self?.assumeIsolated { for task in $0.handlers.values { task.cancel() } }
    }
    while let task = handlers.values.first { await task.value }
    late.cancel()
    await acknowledgements.flush()
  }

  /// Whether `stop()` has begun, and no further poll begins.
  var isStopping: Bool { polling?.isCancelled ?? false }

  public func statistics() -> ConsumerStatistics {
    var statistics = counters
    statistics.inFlight = handlers.count
    statistics.sinceLastPoll = isPolling ? MonotonicInstant.now().duration(since: lastPoll) : .zero
    return statistics
  }

  // MARK: Polling

  private func poll() async {
    var backOff = BackOff(
      initial: settings.initialPollBackOff,
      maximum: settings.maximumPollBackOff,
      hasJitter: false
    )
    var emptyBackOff = backOff
    while !Task.isCancelled {
      await waitForPlace()
      guard !Task.isCancelled else { return }
      do throws(BrokerError) {
        await learnVisibilityTimeout()
        let began = MonotonicInstant.now()
        let messages = try await queue.receive(
          limit: min(10, settings.maximumInFlight - handlers.count),
          wait: settings.pollWait,
          visibilityTimeout: nil,
          deadline: .now() + settings.pollWait + settings.pollGrace
        )
        lastPoll = .now()
        counters.lastPollError = nil
        backOff.reset()
        for message in messages { take(message) }
        let isEarly = lastPoll.duration(since: began) < settings.pollWait / 2
        guard messages.isEmpty, isEarly, !Task.isCancelled else {
          emptyBackOff.reset()
          continue
        }
        // Nothing, and sooner than it was to be waited for: a broker that does so is not asked again at once.
        try? await Task.sleep(for: emptyBackOff.next())
      } catch {
        guard !Task.isCancelled else { return }
        counters.failedPolls += 1
        counters.lastPollError = "\(error)"
        logger.error("poll failed", metadata: ["reason": "\(error)"])
        try? await Task.sleep(for: backOff.next())
      }
    }
  }

  /// Returns when fewer messages are in hand than may be.
  private func waitForPlace() async {
    guard handlers.count >= settings.maximumInFlight else {
      isPolling = true
      return
    }
    isPolling = false
    let loop = loop
    await withCancellableContinuation { continuation in
      // Here again: between the check above and this the last handler may have ended.
      if Task.isCancelled || handlers.count < settings.maximumInFlight {
        continuation.resume()
      } else {
        free = continuation
      }
    } onCancel: {
      loop.execute { self.assumeIsolated { $0.givePlace() } }
    }
    isPolling = true
    lastPoll = .now()
  }

  private func givePlace() {
    free?.resume()
    free = nil
  }

  /// How long to hide a message again is the queue's own timeout; SQS's default until it has told.
  /// It is asked for again every minute, and when a message comes again while it is being handled; nothing waits for that.
  private func learnVisibilityTimeout() async {
    guard let timeoutTold else { return await askVisibilityTimeout() }
    guard !isAskingTimeout, .now() >= timeoutTold + Self.timeoutLifetime else { return }
    isAskingTimeout = true
    Task(executorPreference: loop) { await self.askVisibilityTimeout() }
  }

  private func askVisibilityTimeout() async {
    if let status = try? await queue.status(deadline: .now() + settings.callTimeout) {
      visibilityTimeout = max(status.visibilityTimeout, .milliseconds(100))
      timeoutTold = .now()
    }
    isAskingTimeout = false
  }

  private static let timeoutLifetime = Duration.seconds(60)

  // MARK: Handling

  private func take(_ message: ReceivedMessage) {
    lastHandler += 1
    let number = lastHandler
    // It was not kept hidden: the queue's timeout must be shorter than it was.
    if inHand[message.id] != nil, timeoutTold != nil { timeoutTold = MonotonicInstant(nanoseconds: 0) }
    inHand[message.id, default: 0] += 1
    handlers[number] = Task(executorPreference: loop) {
      await self.process(message)
      await self.finished(number, message.id)
    }
  }

  private func finished(_ number: UInt64, _ id: String) {
    handlers[number] = nil
    inHand[id] = inHand[id].flatMap { $0 > 1 ? $0 - 1 : nil }
    givePlace()
  }

  private func process(_ message: ReceivedMessage) async {
    let heartbeat = Heartbeat(
      queue: queue,
      receipt: message.receipt,
      timeout: visibilityTimeout,
      loop: loop,
      logger: logger
    )
    let type = (try? ErrorVisibility.eventType(of: message)).flatMap(\.self)
    let name = type.map { "RECEIVE \($0)" } ?? "RECEIVE"
    let isHandled = await spans.around(name, .consumer, parent: SpanContext(of: message)) { span in
      span?.describe(system: queue.system, destination: queue.name, operation: "process")
      heartbeat.start()
      let error = await failure(of: message)
      heartbeat.stop()
      guard let error else { return true }
      span?.recordError(error)
      span?.setStatus(SpanStatus(code: .error))
      counters.failed += 1
      if await failures.handle(message, error) { counters.deadLettered += 1 }
      return false
    }
    guard isHandled else { return }
    counters.handled += 1
    await acknowledgements.add(message.receipt)
  }

  /// What the handler throws; nil when it has handled the message. Trouble of the database that passes is waited out
  /// with the message in hand: a delivery would be used up for nothing.
  private func failure(of message: ReceivedMessage) async -> (any Error)? {
    let end = MonotonicInstant.now() + settings.passingTroubleTimeout
    var pause = BackOff(initial: .milliseconds(100), maximum: .seconds(2))
    while let error = await failureOfOneTry(of: message) {
      guard PassingTrouble.caused(error), !isStopping, !Task.isCancelled, .now() < end else { return error }
      if pause.failures == 0 {
        logger.warning(
          "message waits for the database",
          metadata: ["messageId": "\(message.id)", "reason": "\(error)"]
        )
      }
      try? await Task.sleep(for: pause.next())
    }
    return nil
  }

  private func failureOfOneTry(of message: ReceivedMessage) async -> (any Error)? {
    let handler = handler
    let work = Task(executorPreference: loop) { try await handler.handle(message) }
    let timer = loop.schedule(after: settings.handlerTimeout) { work.cancel() }
    defer { timer.cancel() }
    do {
      try await withTaskCancellationHandler {
        try await work.value
      } onCancel: {
        work.cancel()
      }
      return nil
    } catch {
      return error
    }
  }
}
