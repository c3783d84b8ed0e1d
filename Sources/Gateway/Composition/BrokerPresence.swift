internal import Events
internal import Logging
internal import Time

/// Whether AWS has the topics and queues that are configured. All are asked for at once, and for a short time only: what
/// does not answer, or may not be asked for, may well be there.
struct BrokerPresence: Sendable {
  /// Asks for one of them.
  typealias Look = @Sendable (MonotonicInstant) async throws(BrokerError) -> Void

  /// How long a start waits for the answers.
  private static let patience = Duration.seconds(1)

  /// What is asked for, as a complaint names it: `VARIABLE: AWS has no queue 'name'`.
  private let looks: [(name: BrokerNames.Name, kind: String, look: Look)]

  init(_ looks: [(name: BrokerNames.Name, kind: String, look: Look)]) { self.looks = looks }

  /// - Parameter keys: of single topics and queues, by ARN and name; the broker's for the others.
  init(_ services: [BrokerNames], on broker: AWSBroker, keys: [String: AWSCredentials] = [:]) {
    self.init(
      services.flatMap { names in
        names.topics.map { name in
          let topic = broker.topic(arn: name.text, credentials: keys[name.text])
          return (
            name, "topic",
            { (deadline) throws(BrokerError) in _ = try await topic.status(deadline: deadline) }
          )
        }
          + (names.queues + names.deadLetterQueues).map { name in
            let queue = broker.queue(name.text, credentials: keys[name.text])
            return (
              name, "queue",
              { (deadline) throws(BrokerError) in _ = try await queue.status(deadline: deadline) }
            )
          }
      }
    )
  }

  /// - Returns: a sentence for each name that AWS itself says it does not have. What else went wrong is logged.
  func problems(by clock: any MonotonicClock, logger: Logger) async -> [String] {
    let deadline = clock.now() + Self.patience
    return await withTaskGroup(of: String?.self) { group in
      for (name, kind, look) in looks {
        group.addTask {
          do throws(BrokerError) {
            try await look(deadline)
            return nil
          } catch {
            if error.kind == .notFound { return "\(name.variable): AWS has no \(kind) '\(name.text)'" }
            logger.error(
              "a \(kind) cannot be reached; the start goes on without it",
              metadata: ["name": "\(name.text)", "variable": "\(name.variable)", "reason": "\(error)"]
            )
            return nil
          }
        }
      }
      return await group.reduce(into: []) { if let problem = $1 { $0.append(problem) } }.sorted()
    }
  }
}
