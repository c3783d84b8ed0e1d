public import ServiceKit
internal import Text

/// A queue that operators may look after (docs/contract/platform.md §4).
public struct AdministeredQueue: Sendable {
  /// The configured id: `nonassociations`.
  public let id: String
  /// The queue itself.
  public let queue: any MessageQueue
  /// Its dead-letter queue; nil if it has none.
  public let deadLetterQueue: (any MessageQueue)?
  /// Whether the queue itself may be purged; the audit queue never.
  public let isPurgeable: Bool

  public init(
    id: String,
    queue: any MessageQueue,
    deadLetterQueue: (any MessageQueue)?,
    isPurgeable: Bool = true
  ) {
    self.id = id
    self.queue = queue
    self.deadLetterQueue = deadLetterQueue
    self.isPurgeable = isPurgeable
  }
}

/// The queues of one module and who may look after them.
public struct QueueAdminGroup: Sendable {
  /// With or without `ROLE_`: `NON_ASSOCIATIONS_API_QUEUE_ADMIN`.
  public let role: String
  /// Whether a caller from within the cluster may retry all dead letters without a token, as non-associations' cron job
  /// does. A request that came through a proxy always needs the role.
  public let isRetryAllOpen: Bool
  /// In the order in which they are shown and retried.
  public let queues: [AdministeredQueue]
  /// The module's outbox; nil where there is none to look after.
  public let outbox: OutboxAdministration?
  /// Gets an event for what is done to the queues.
  public var telemetry: any Telemetry

  public init(
    role: String,
    isRetryAllOpen: Bool,
    queues: [AdministeredQueue],
    outbox: OutboxAdministration? = nil,
    telemetry: any Telemetry
  ) {
    self.role = role
    self.isRetryAllOpen = isRetryAllOpen
    self.queues = queues
    self.outbox = outbox
    self.telemetry = telemetry
  }

  func queue(withDeadLetterQueue name: String) -> AdministeredQueue? {
    queues.first { $0.deadLetterQueue?.name.hasSameBytes(as: name) ?? false }
  }

  /// The queue or dead-letter queue of that name, if it may be purged.
  func purgeable(_ name: String) -> (any MessageQueue)? {
    for entry in queues {
      if entry.isPurgeable, entry.queue.name.hasSameBytes(as: name) { return entry.queue }
      if let deadLetterQueue = entry.deadLetterQueue, deadLetterQueue.name.hasSameBytes(as: name) {
        return deadLetterQueue
      }
    }
    return nil
  }
}
