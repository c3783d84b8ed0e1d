internal import EventLoops
internal import Events
internal import HTTPTransport
internal import Logging
internal import Postgres
internal import ServiceKit

/// The broker of the configuration, and the topics and queues of the services on it.
struct Messaging: Sendable {
  /// What one service publishes to and consumes from, before it is known who handles it.
  struct Ends: Sendable {
    let configuration: MessagingConfiguration.Service
    let topic: any Topic
    let audit: (any MessageQueue)?
    let queues: [(queue: any MessageQueue, deadLetterQueue: any MessageQueue)]
    let destinations: OutboxDestinations

    /// As the events module takes it.
    /// - Parameters:
    ///   - consumes: what the module takes from each of the queues, in their order.
    ///   - bus: where the module has subscribed.
    func part(
      module: String,
      database: PostgresDatabase,
      consumes: [ConsumedEvents],
      bus: EventBus,
      telemetry: any Telemetry
    ) -> EventsRuntime.Part {
      let consumed = zip(zip(configuration.queues, queues), consumes).map { pair, events in
        EventsRuntime.ConsumedQueue(
          id: pair.0.id,
          queue: pair.1.queue,
          deadLetterQueue: pair.1.deadLetterQueue,
          handler: BusBridge(events, to: bus),
          errorVisibility: pair.0.errorVisibility
        )
      }
      return EventsRuntime.Part(
        module: module,
        database: database,
        topic: (id: configuration.topicID, arn: configuration.topicARN, topic: topic),
        audit: audit.map { (id: "audit", queue: $0) },
        destinations: destinations,
        consumed: consumed,
        adminRole: configuration.adminRole,
        isRetryAllOpen: configuration.isRetryAllOpen,
        telemetry: telemetry
      )
    }
  }

  private enum Broker: Sendable {
    case aws(AWSBroker, HTTPClient)
    case postgres(PostgresBroker)
  }

  private let broker: Broker
  private let provider: MessagingConfiguration.Provider

  /// Connects to nothing yet.
  /// - Parameters:
  ///   - database: where topics and queues are if they are in-process; migrated.
  ///   - trustedCertificatesFile: of `API_TRUSTED_CERTIFICATES_FILE`.
  /// - Throws: `BrokerError` for missing credentials, `HTTPURLError` for a region that is none, `StreamError` for
  ///   certificates that cannot be loaded.
  init(
    _ configuration: MessagingConfiguration,
    database: PostgresDatabase,
    trustedCertificatesFile: String?,
    group: EventLoopGroup,
    clock: any WallClock,
    logger: Logger
  ) throws {
    provider = configuration.provider
    switch provider {
    case .inProcess:
      broker = .postgres(PostgresBroker(database: database, loop: group.any(), clock: clock))
    case .emulator(let url):
      let client = HTTPClient(group: group)
      let endpoints = AWSEndpoints(emulator: url, region: configuration.region)
      let aws = AWSBroker(
        endpoints: endpoints,
        credentials: AWSCredentials.emulator,
        client: client,
        clock: clock
      )
      broker = .aws(aws, client)
    case .aws:
      let client = HTTPClient(
        group: group,
        tls: try TLSContext(trustedCertificatesFile: trustedCertificatesFile)
      )
      let endpoints = try AWSEndpoints(region: configuration.region)
      let credentials = try configuration.credentials.provider(
        endpoints: endpoints,
        client: client,
        clock: clock,
        logger: logger
      )
      broker = .aws(
        AWSBroker(endpoints: endpoints, credentials: credentials, client: client, clock: clock),
        client
      )
    }
  }

  /// Calls of AWS that begin from now on trust what this context does.
  func replaceTLS(_ context: TLSContext) {
    if case .aws(_, let client) = broker { client.replaceTLS(context) }
  }

  /// Creates what an emulator lacks, and makes sure that AWS has what is configured: a name that does not exist is a
  /// mistake that would otherwise go unnoticed for long. A broker that cannot be reached is no mistake.
  /// - Throws: `BrokerError` naming what is not there.
  func prepare(_ services: [MessagingConfiguration.Service], logger: Logger) async throws {
    let deadline = MonotonicInstant.now() + .seconds(30)
    let topics = services.flatMap(\.topicARNs)
    let definitions = services.flatMap(\.definitions)
    switch broker {
    case .postgres(let postgres):
      try await postgres.create(topics: Self.unique(topics), queues: definitions, deadline: deadline)
    case .aws(let aws, _) where aws.endpoints.isEmulator:
      try await LocalStackProvisioner(aws)
        .create(topics: Self.unique(topics), queues: definitions, deadline: deadline)
    case .aws(let aws, _):
      for name in definitions.flatMap({ [$0.name] + ($0.deadLetterQueue.map { [$0] } ?? []) }) {
        do {
          _ = try await aws.queue(name).status(deadline: deadline)
        } catch  where error.kind == .notFound {
          throw error
        } catch {
          logger.error("a queue cannot be reached", metadata: ["queue": "\(name)", "reason": "\(error)"])
        }
      }
    }
  }

  func ends(_ service: MessagingConfiguration.Service) -> Ends {
    Ends(
      configuration: service,
      topic: topic(arn: service.topicARN),
      audit: service.auditQueue.map(queue),
      queues: service.queues.map { (queue: queue($0.name), deadLetterQueue: queue($0.deadLetterQueue)) },
      destinations: service.destinations(at: provider)
    )
  }

  /// How many messages of an outbox may be on their way at once: what the database is sent it takes in groups.
  var messagesInFlight: Int {
    switch broker {
    case .aws: OutboxSettings().maximumInFlight
    case .postgres: OutboxSettings().batchSize * 2
    }
  }

  /// After everything that uses it.
  func stop() async {
    switch broker {
    case .aws(_, let client): await client.shutdown()
    case .postgres(let postgres): await postgres.stop()
    }
  }

  private func topic(arn: String) -> any Topic {
    switch broker {
    case .aws(let aws, _): aws.topic(arn: arn)
    case .postgres(let postgres): postgres.topic(arn: arn)
    }
  }

  /// A topic of the database; nil where topics are somewhere else.
  func databaseTopic(arn: String) -> PostgresTopic? {
    guard case .postgres(let postgres) = broker else { return nil }
    return postgres.topic(arn: arn)
  }

  private func queue(_ name: String) -> any MessageQueue {
    switch broker {
    case .aws(let aws, _): aws.queue(name)
    case .postgres(let postgres): postgres.queue(name)
    }
  }

  private static func unique(_ names: [String]) -> [String] {
    var seen: Set<String> = []
    return names.filter { seen.insert($0).inserted }
  }
}

extension EventsRuntime {
  /// The components of `/health` about the topic and the queues of a part.
  func healthCheck(of module: String, _ service: MessagingConfiguration.Service, timeout: Duration)
    -> HealthCheck
  {
    let ids = [service.topicID] + service.queues.map(\.id) + (service.auditQueue == nil ? [] : ["audit"])
    return HealthCheck(names: ids.map { "\($0)-health" }, timeout: timeout) { deadline in
      let found = await self.health(of: module, deadline: deadline)
      return Dictionary(
        found.map { component in
          let details = component.details.map {
            (name: $0.name, value: ComponentHealth.Detail.text($0.value))
          }
          return (component.name, ComponentHealth(component.isUp ? .up : .down, details))
        }
      ) { $1 }
    }
  }
}
