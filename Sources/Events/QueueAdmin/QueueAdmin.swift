public import Logging
public import ServiceKit
public import Time

/// What operators do with queues (docs/contract/platform.md §4), on any broker.
public struct QueueAdmin: Sendable {
  private let telemetry: any Telemetry
  private let logger: Logger

  /// - Parameter telemetry: gets an event for what is done.
  public init(telemetry: any Telemetry, logger: Logger) {
    self.telemetry = telemetry
    self.logger = logger
  }

  /// Has the broker move every dead letter back to the queue it came from.
  /// - Returns: how many dead letters there were, about; 0 for a queue without a dead-letter queue.
  @discardableResult
  public func retry(_ entry: AdministeredQueue, deadline: MonotonicInstant) async throws(BrokerError) -> Int {
    guard let deadLetterQueue = entry.deadLetterQueue else { return 0 }
    let found = try await deadLetterQueue.status(deadline: deadline).messagesOnQueue
    logger.info("For dlq \(deadLetterQueue.name) we found \(found) messages")
    guard found > 0 else { return 0 }
    try await deadLetterQueue.redrive(to: entry.queue, deadline: deadline)
    telemetry.track(
      TelemetryEvent("RetryDLQ", ["dlq-name": deadLetterQueue.name, "messages-found": "\(found)"])
    )
    return found
  }

  /// The same for several queues, even after one has failed (docs/contract/platform.md §13 row
  /// 29).
  /// - Returns: a number for each queue.
  /// - Throws: the first error, after all were tried.
  public func retryAll(
    _ entries: [AdministeredQueue],
    deadline: MonotonicInstant
  ) async throws(BrokerError) -> [Int] {
    var counts: [Int] = []
    var first: BrokerError?
    for entry in entries {
      do throws(BrokerError) {
        counts.append(try await retry(entry, deadline: deadline))
      } catch {
        first = first ?? error
        logger.error(
          "dead letters could not be retried",
          metadata: ["queue": "\(entry.queue.name)", "reason": "\(error)"]
        )
      }
    }
    if let first { throw first }
    return counts
  }

  /// Deletes what is on a queue.
  /// - Returns: how many messages were there, about.
  public func purge(_ queue: any MessageQueue, deadline: MonotonicInstant) async throws(BrokerError) -> Int {
    let found = try await queue.status(deadline: deadline).messagesOnQueue
    guard found > 0 else { return 0 }
    try await queue.purge(deadline: deadline)
    telemetry.track(TelemetryEvent("PurgeQueue", ["queue-name": queue.name, "messages-found": "\(found)"]))
    return found
  }

  /// The messages of a dead-letter queue, which stay there and are hidden for a second.
  /// - Parameter limit: messages at most; a negative number gives none.
  /// - Returns: how many there are, about, and each message once.
  public func deadLetters(
    of queue: any MessageQueue,
    limit: Int,
    deadline: MonotonicInstant
  ) async throws(BrokerError) -> (found: Int, messages: [ReceivedMessage]) {
    let found = try await queue.status(deadline: deadline).messagesOnQueue
    let wanted = min(found, limit)
    var messages: [ReceivedMessage] = []
    var seen: Set<String> = []
    var vainReceives = 0
    // SQS may answer with nothing, or with what it gave before, although there is more.
    while messages.count < wanted, vainReceives < 3 {
      let batch = try await queue.receive(
        limit: min(10, wanted - messages.count),
        wait: .zero,
        visibilityTimeout: .seconds(1),
        deadline: deadline
      )
      let new = batch.filter { seen.insert($0.id).inserted }
      messages += new
      vainReceives = new.isEmpty ? vainReceives + 1 : 0
    }
    return (found, messages)
  }
}
