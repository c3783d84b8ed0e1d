public import Postgres
public import ServiceKit

/// What one module publishes and consumes.
public struct ModuleEvents: Sendable {
  /// A queue that a module consumes.
  public struct ConsumedQueue: Sendable {
    let id: String
    let queue: any MessageQueue
    let deadLetterQueue: (any MessageQueue)?
    let handler: any MessageHandler
    let retryPolicy: RetryPolicy
    let propagatesTracing: Bool

    /// - Parameters:
    ///   - id: as configured: `nonassociations`.
    ///   - propagatesTracing: whether its messages are handled in the traces that they name.
    public init(
      id: String,
      queue: any MessageQueue,
      deadLetterQueue: (any MessageQueue)?,
      handler: any MessageHandler,
      retryPolicy: RetryPolicy,
      propagatesTracing: Bool = true
    ) {
      self.id = id
      self.queue = queue
      self.deadLetterQueue = deadLetterQueue
      self.handler = handler
      self.retryPolicy = retryPolicy
      self.propagatesTracing = propagatesTracing
    }
  }

  /// The module's name, as given to ``PostgresOutbox``.
  public let name: String
  let database: PostgresDatabase
  let topic: (id: String, arn: String, topic: any Topic)
  let audit: (id: String, queue: any MessageQueue)?
  let destinations: OutboxDestinations
  let consumed: [ConsumedQueue]
  let adminRole: String
  let isRetryAllOpen: Bool
  let redriveInterval: Duration?
  let telemetry: any Telemetry

  /// - Parameters:
  ///   - name: as given to ``PostgresOutbox``.
  ///   - database: where the module's outbox is; migrated by ``EventsMigrations``.
  ///   - topic: where domain events go, with its configured id and ARN.
  ///   - audit: where audit messages go, with the configured id; nil for a module that has none.
  ///   - destinations: of topic and audit queue, as given to ``PostgresOutbox``.
  ///   - adminRole: for queue admin.
  ///   - isRetryAllOpen: see ``QueueAdminGroup/isRetryAllOpen``.
  ///   - redriveInterval: how often dead letters are tried again; nil for never.
  ///   - telemetry: gets what consumers and queue admin tell (docs/contract/platform.md §8.3).
  public init(
    name: String,
    database: PostgresDatabase,
    topic: (id: String, arn: String, topic: any Topic),
    audit: (id: String, queue: any MessageQueue)?,
    destinations: OutboxDestinations,
    consumed: [ConsumedQueue],
    adminRole: String,
    isRetryAllOpen: Bool,
    redriveInterval: Duration? = nil,
    telemetry: any Telemetry
  ) {
    self.name = name
    self.database = database
    self.topic = topic
    self.audit = audit
    self.destinations = destinations
    self.consumed = consumed
    self.adminRole = adminRole
    self.isRetryAllOpen = isRetryAllOpen
    self.redriveInterval = redriveInterval
    self.telemetry = telemetry
  }

  /// The module's queues, in the order of docs/contract/platform.md §5.1, and who may look after them.
  public var adminGroup: QueueAdminGroup {
    var queues = consumed.map {
      AdministeredQueue(id: $0.id, queue: $0.queue, deadLetterQueue: $0.deadLetterQueue)
    }
    if let audit {
      queues.append(
        AdministeredQueue(id: audit.id, queue: audit.queue, deadLetterQueue: nil, isPurgeable: false)
      )
    }
    return QueueAdminGroup(
      role: adminRole,
      isRetryAllOpen: isRetryAllOpen,
      queues: queues,
      outbox: OutboxAdministration(module: name, database: database),
      telemetry: telemetry
    )
  }
}
