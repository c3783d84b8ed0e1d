internal import EventLoops
internal import JSON
internal import Logging
internal import ServiceKit
internal import Time

/// What happens to a message whose handler failed (`platform.md` §5.4).
actor FailureRule {
  nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  private let id: String
  private let queue: any MessageQueue
  private let deadLetterQueue: (any MessageQueue)?
  private let errorVisibility: ErrorVisibility
  private let callTimeout: Duration
  private let telemetry: any Telemetry
  private let logger: Logger
  private var maxReceiveCount: Int?
  /// When the queue was last asked for its policy, and the question under way.
  private var asked: MonotonicInstant?
  private var asking: Task<Void, Never>?

  /// Less than a message that failed is hidden for, if it is hidden at all: a policy may be changed at any time, and
  /// messages that fail together ask together.
  private static let policyLifetime = Duration.seconds(1)

  init(
    id: String,
    queue: any MessageQueue,
    deadLetterQueue: (any MessageQueue)?,
    errorVisibility: ErrorVisibility,
    callTimeout: Duration,
    telemetry: any Telemetry,
    loop: EventLoop,
    logger: Logger
  ) {
    self.id = id
    self.queue = queue
    self.deadLetterQueue = deadLetterQueue
    self.errorVisibility = errorVisibility
    self.callTimeout = callTimeout
    self.telemetry = telemetry
    self.loop = loop
    self.logger = logger
  }

  /// Hides the message for as long as the rule says.
  /// - Returns: whether the broker will now move it to the dead-letter queue.
  func handle(_ message: ReceivedMessage, _ cause: any Error) async -> Bool {
    logger.error(
      "message not handled",
      metadata: [
        "messageId": "\(message.id)", "receiveCount": "\(message.receiveCount)", "reason": "\(cause)",
      ]
    )
    let eventType: String?
    do throws(JSONError) {
      eventType = try ErrorVisibility.eventType(of: message)
    } catch {
      logger.warning(
        "error visibility timeout not set: the message is not JSON",
        metadata: ["messageId": "\(message.id)"]
      )
      return false
    }
    await learnMaxReceiveCount()
    let decision = errorVisibility.decision(
      eventType: eventType,
      receiveCount: message.receiveCount,
      maxReceiveCount: maxReceiveCount
    )
    report(decision, eventType ?? "null", message.receiveCount)
    do throws(BrokerError) {
      try await queue.changeVisibility(
        receipt: message.receipt,
        timeout: .seconds(decision.seconds),
        deadline: .now() + callTimeout
      )
    } catch {
      logger.warning("error visibility timeout not set", metadata: ["reason": "\(error)"])
    }
    return decision.isLast
  }

  private func report(_ decision: ErrorVisibility.Decision, _ eventType: String, _ receiveCount: Int) {
    let place = "for event type \(eventType) on queue \(id) with receive count \(receiveCount)"
    guard decision.isLast else {
      logger.info("Setting error visibility timeout \(place) to \(decision.seconds) seconds")
      return
    }
    logger.info("Setting error visibility timeout to 0 \(place) because this is the last retry")
    let timeouts = errorVisibility.list(for: eventType).map { "\($0)" }.joined(separator: ", ")
    telemetry.track(
      TelemetryEvent(
        "\(eventType)-sent-to-dlq",
        [
          "queueName": queue.name, "dlqName": deadLetterQueue?.name ?? "", "timeouts": "[\(timeouts)]",
          "maxReceiveCount": maxReceiveCount.map { "\($0)" } ?? "",
        ]
      )
    )
  }

  private func learnMaxReceiveCount() async {
    guard deadLetterQueue != nil else { return }
    if let asking { return await asking.value }
    if let asked, .now() < asked + Self.policyLifetime { return }
    let question = Task(executorPreference: loop) { await self.askMaxReceiveCount() }
    asking = question
    await question.value
    asking = nil
  }

  /// What was known stays while the broker does not answer.
  private func askMaxReceiveCount() async {
    do throws(BrokerError) {
      maxReceiveCount = try await queue.status(deadline: .now() + callTimeout).maxReceiveCount
      if maxReceiveCount == nil { logger.warning("the queue has a dead-letter queue but no redrive policy") }
    } catch {
      logger.warning("the queue's redrive policy cannot be read", metadata: ["reason": "\(error)"])
    }
    asked = .now()
  }
}
