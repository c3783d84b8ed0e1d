internal import Instrumentation
internal import Logging
internal import ServiceKit

/// What a consumer says of messages that were not handled.
extension QueueConsumer {
  func reportKept(_ number: UInt64) {
    guard let delivery = deliveries[number], let failure = delivery.failure else { return }
    logger.warning(
      "message kept in flight: the database is in trouble",
      metadata: ["messageId": "\(delivery.message.message.id)", "reason": "\(failure.error)"]
    )
  }

  /// Says that a message was not handled, in the trace of the handler.
  func report(_ delivery: Delivery, _ what: () -> Void) {
    let message = delivery.message.message
    InstrumentationContext.withValue(delivery.failure?.context) {
      logger.error(
        "message not handled",
        metadata: [
          "messageId": "\(message.id)", "receiveCount": "\(message.receiveCount)",
          "reason": "\(delivery.failure.map { "\($0.error)" } ?? "")",
        ]
      )
      what()
    }
  }

  func leave(_ number: UInt64) {
    guard let delivery = deliveries.removeValue(forKey: number) else { return }
    report(delivery) {
      logger.warning(
        "error visibility timeout not set: the message is not JSON",
        metadata: ["messageId": "\(delivery.message.message.id)"]
      )
    }
  }

  func report(_ decision: RetryPolicy.Decision, _ message: OpenedMessage, _ maxReceiveCount: Int?) {
    let eventType = message.eventType ?? "null"
    let place =
      "for event type \(eventType) on queue \(id) with receive count \(message.message.receiveCount)"
    guard decision.isLast else {
      logger.info("Setting error visibility timeout \(place) to \(decision.seconds) seconds")
      return
    }
    logger.info("Setting error visibility timeout to 0 \(place) because this is the last retry")
    let timeouts = retryPolicy.list(for: eventType).map { "\($0)" }.joined(separator: ", ")
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
}
