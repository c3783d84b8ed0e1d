internal import HTTPTransport
internal import Synchronization
public import Time

/// A queue of SQS.
public final class SQSQueue: MessageQueue {
  /// The name, without account or URL.
  public let name: String
  public var system: String { "aws_sqs" }
  private let sqs: AWSClient
  /// Asks how the queue is.
  private let statusSQS: AWSClient
  private let isEmulator: Bool
  private let known = Mutex<(url: String, since: MonotonicInstant)?>(nil)

  /// How long the queue's URL is cached.
  private static let locationLifetime = Duration.seconds(300)

  /// The time that is left for an answer when a long poll ends with the caller's deadline.
  private static let pollMargin = Duration.seconds(1)
  private static let longestPoll = Duration.seconds(20)
  private static let longestVisibilityTimeout = Duration.seconds(43_200)
  private static let batchSize = 10

  init(name: String, sqs: AWSClient, statusClient: HTTPClient? = nil, isEmulator: Bool) {
    self.name = name
    self.sqs = sqs
    statusSQS = sqs.over(statusClient ?? sqs.client)
    self.isEmulator = isEmulator
  }

  public func send(
    _ message: OutgoingMessage,
    deadline: MonotonicInstant
  ) async throws(BrokerError) -> String {
    try await withURL(deadline) { (url) throws(AWSError) in
      try await self.call(SQSRequests.send(message, to: url), deadline).text("MessageId")
    }
  }

  /// A wait is made shorter to end before the deadline: an answer that nobody waits for would hide its messages until
  /// their visibility timeout ends.
  public func receive(
    limit: Int,
    wait: Duration,
    visibilityTimeout: Duration?,
    deadline: MonotonicInstant
  ) async throws(BrokerError) -> [ReceivedMessage] {
    guard (1...Self.batchSize).contains(limit) else {
      throw BrokerError(.refused, "a receive takes 1 to 10 messages")
    }
    let hidden = try visibilityTimeout.map { (timeout) throws(BrokerError) in try seconds(timeout) }
    do throws(AWSError) {
      return try await withQueueURL(deadline) { (url) throws(AWSError) in
        let rest = deadline.duration(since: sqs.client.clock.now() + Self.pollMargin)
        let seconds = min(min(wait, Self.longestPoll).secondsRoundedUp, Int(rest.components.seconds))
        let call = SQSRequests.receive(url, limit: limit, wait: seconds, visibilityTimeout: hidden)
        return try await self.call(call, deadline).messages
      }
    } catch {
      if error.isCancellation { return [] }
      throw error.brokerError
    }
  }

  public func delete(
    receipts: [String],
    deadline: MonotonicInstant
  ) async throws(BrokerError) -> [String] {
    // A batch that names a receipt twice would be refused whole.
    let unique = Array(Set(receipts))
    var failed: [String] = []
    for start in stride(from: 0, to: unique.count, by: Self.batchSize) {
      let batch = Array(unique[start..<min(start + Self.batchSize, unique.count)])
      let entries = try await withURL(deadline) { (url) throws(AWSError) in
        try await self.call(SQSRequests.delete(batch, from: url), deadline).failedEntries
      }
      failed += entries.compactMap { Int($0) }.filter(batch.indices.contains).map { batch[$0] }
    }
    return failed
  }

  public func changeVisibility(
    receipt: String,
    timeout: Duration,
    deadline: MonotonicInstant
  ) async throws(BrokerError) {
    let seconds = try seconds(timeout)
    try await withURL(deadline) { (url) throws(AWSError) in
      _ = try await self.call(
        SQSRequests.changeVisibility(url, receipt: receipt, seconds: seconds),
        deadline
      )
    }
  }

  public func status(deadline: MonotonicInstant) async throws(BrokerError) -> QueueStatus {
    let sqs = statusSQS
    return try await withURL(deadline, over: sqs) { (url) throws(AWSError) in
      try await self.call(SQSRequests.attributes(url), over: sqs, deadline).status()
    }
  }

  public func purge(deadline: MonotonicInstant) async throws(BrokerError) {
    try await withURL(deadline) { (url) throws(AWSError) in
      _ = try await self.call(SQSRequests.purge(url), deadline)
    }
  }

  /// Has SQS move the messages, which goes on after this returns. For an emulator that knows no such task they are moved
  /// here, one by one: see ``move(to:deadline:)``.
  public func redrive(to source: any MessageQueue, deadline: MonotonicInstant) async throws(BrokerError) {
    let destination = try await source.status(deadline: deadline)
    let own = try await status(deadline: deadline)
    var call = SQSRequests.moveMessages(from: own.arn, to: destination.arn)
    // An emulator without the action says that something of its own failed, each time.
    if isEmulator { call.attempts = 1 }
    do throws(AWSError) {
      _ = try await self.call(call, deadline)
    } catch {
      guard isEmulator, error.isUnknownAction else { throw error.brokerError }
      try await move(own.messagesOnQueue, to: source, deadline: deadline)
    }
  }

  /// Moves so many messages itself. Each is sent before it is deleted: one that is interrupted in between is there
  /// twice, none is lost.
  private func move(
    _ count: Int,
    to source: any MessageQueue,
    deadline: MonotonicInstant
  ) async throws(BrokerError) {
    var left = count
    while left > 0 {
      let messages = try await receive(
        limit: min(left, Self.batchSize),
        wait: .zero,
        visibilityTimeout: nil,
        deadline: deadline
      )
      if messages.isEmpty { return }
      for message in messages {
        let copy = OutgoingMessage(body: message.body, attributes: message.attributes)
        _ = try await source.send(copy, deadline: deadline)
        _ = try await delete(receipts: [message.receipt], deadline: deadline)
      }
      left -= messages.count
    }
  }

  // MARK: Calling

  private func call(
    _ call: AWSCall,
    over client: AWSClient? = nil,
    _ deadline: MonotonicInstant
  ) async throws(AWSError) -> SQSAnswer {
    try SQSAnswer(try await (client ?? sqs).send(call, deadline: deadline), to: call)
  }

  private func withURL<Value: Sendable>(
    _ deadline: MonotonicInstant,
    over client: AWSClient? = nil,
    _ body: (String) async throws(AWSError) -> Value
  ) async throws(BrokerError) -> Value {
    do throws(AWSError) {
      return try await withQueueURL(deadline, over: client, body)
    } catch {
      throw error.brokerError
    }
  }

  /// Calls with the queue's URL, which is looked up every few minutes, and at once when the queue is not where it was.
  private func withQueueURL<Value: Sendable>(
    _ deadline: MonotonicInstant,
    over client: AWSClient? = nil,
    _ body: (String) async throws(AWSError) -> Value
  ) async throws(AWSError) -> Value {
    let last = known.withLock { $0 }
    if let last, sqs.client.clock.now() < last.since + Self.locationLifetime {
      do throws(AWSError) {
        return try await body(last.url)
      } catch {
        guard error.isOfWrongPlace else { throw error }
        known.withLock { $0 = nil }
      }
    }
    let url: String
    do throws(AWSError) {
      url = try await call(SQSRequests.queueURL(name), over: client, deadline).text("QueueUrl")
    } catch {
      // The cached URL is used when the look-up fails, unless the queue is known to be gone.
      guard let last, error.kind != .notFound, known.withLock({ $0 != nil }) else { throw error }
      url = last.url
    }
    let value = try await body(url)
    known.withLock { $0 = (url, sqs.client.clock.now()) }
    return value
  }

  /// - Throws: `BrokerError` of kind `refused` for a time that SQS does not hide a message for.
  private func seconds(_ timeout: Duration) throws(BrokerError) -> Int {
    guard timeout >= .zero, timeout <= Self.longestVisibilityTimeout else {
      throw BrokerError(.refused, "a visibility timeout is from 0 to 12 hours")
    }
    return timeout.secondsRoundedUp
  }
}
