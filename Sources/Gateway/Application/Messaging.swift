internal import EventLoops
internal import Events
internal import HTTPTransport
internal import Logging
internal import Postgres
internal import ServiceKit
internal import Time

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
    case aws(AWSBroker)
    /// By the variables of the topics.
    case emulator(AWSBroker, topics: [String: EmulatorTopic], EmulatorUpkeep)
    case postgres(PostgresBroker)
  }

  private let broker: Broker
  /// Of single topics and queues, by ARN and name.
  private let keys: [String: AWSCredentials]
  private let provider: MessagingConfiguration.Provider
  private let clients: [HTTPClient]
  private let services: [MessagingConfiguration.Service]

  /// Connects to nothing yet.
  /// - Parameters:
  ///   - database: where topics and queues are if they are in-process; migrated.
  ///   - upstreams: whom to trust, and which proxy to go by.
  /// - Throws: `BrokerError` for missing credentials, `HTTPURLError` for a region that is none, `StreamError` for
  ///   certificates that cannot be loaded.
  init(
    _ configuration: MessagingConfiguration,
    database: PostgresDatabase,
    upstreams: Configuration.Upstreams,
    group: EventLoopGroup,
    clock: any WallClock,
    logger: Logger
  ) throws {
    provider = configuration.provider
    services = configuration.services
    // Questions of how queues are, which anybody may cause, keep no message waiting for a connection.
    var asking = upstreams.clientConfiguration
    asking.maximumConnectionsPerOrigin = 8
    keys = configuration.keys ?? [:]
    switch configuration.provider {
    case .inProcess:
      clients = []
      broker = .postgres(PostgresBroker(database: database, loop: group.any(), clock: clock))
    case .emulator(let url):
      let client = HTTPClient(group: group, configuration: upstreams.clientConfiguration)
      let statusClient = HTTPClient(group: group, configuration: asking)
      clients = [client, statusClient]
      let hints = BrokerHints()
      func emulator(_ hints: BrokerHints?) -> AWSBroker {
        AWSBroker(
          endpoints: AWSEndpoints(emulator: url, region: configuration.region),
          credentials: AWSCredentials.emulator,
          client: client,
          statusClient: statusClient,
          clock: clock,
          hints: hints
        )
      }
      let aws = emulator(hints)
      let names = services.flatMap { $0.names.topics + $0.names.subscribedTopics }
      let topics = Dictionary(names.map { ($0.variable, aws.emulatorTopic($0)) }) { first, _ in first }
      var logger = logger
      logger[metadataKey: "emulator"] = "\(url)"
      let upkeep = try EmulatorUpkeep(
        broker: emulator(nil),
        topics: Array(topics.values),
        queues: services.flatMap(\.definitions),
        hints: hints,
        loop: group.any(),
        logger: logger
      )
      broker = .emulator(aws, topics: topics, upkeep)
    case .aws:
      let tls = try TLSContext(trustedCertificatesFile: upstreams.trustedCertificatesFile)
      let client = HTTPClient(group: group, configuration: upstreams.clientConfiguration, tls: tls)
      let statusClient = HTTPClient(group: group, configuration: asking, tls: tls)
      clients = [client, statusClient]
      let endpoints = try AWSEndpoints(region: configuration.region)
      let shared: any AWSCredentialsProvider
      if let any = configuration.keys?.values.first {
        // Nobody's: each topic and queue has its own.
        shared = any
      } else {
        shared = try configuration.credentials.provider(
          endpoints: endpoints,
          client: client,
          clock: clock,
          logger: logger
        )
      }
      broker = .aws(
        AWSBroker(
          endpoints: endpoints,
          credentials: shared,
          client: client,
          statusClient: statusClient,
          clock: clock
        )
      )
    }
  }

  /// Calls of AWS that begin from now on trust what this context does.
  func replaceTLS(_ context: TLSContext) {
    guard case .aws = broker else { return }
    for client in clients { client.replaceTLS(context) }
  }

  /// Makes topics and queues where that is the gateway's to do. An emulator that cannot be reached is not waited for: it
  /// gets what it lacks once it is there.
  /// - Throws: `BrokerError` for topics and queues that cannot be made in the database.
  func prepare() async throws(BrokerError) {
    switch broker {
    case .aws: break
    case .emulator(_, _, let upkeep): await upkeep.start()
    case .postgres(let postgres):
      try await postgres.create(
        topics: Self.unique(services.flatMap(\.topicARNs)),
        queues: services.flatMap(\.definitions),
        deadline: .now() + .seconds(30)
      )
    }
  }

  /// Makes sure that AWS has what is configured: a name that does not exist is a mistake that would otherwise go
  /// unnoticed for long. A broker that cannot be reached is no mistake, and is hardly waited for.
  /// - Parameter loop: has the timers that end what takes too long.
  /// - Throws: `ConfigurationError` naming what AWS itself says it does not have.
  func checkNames(on loop: EventLoop, logger: Logger) async throws(ConfigurationError) {
    guard case .aws(let aws) = broker else { return }
    let presence = BrokerPresence(services.map(\.names), on: aws, keys: keys)
    let problems = await withTaskExecutorPreference(loop) { await presence.problems(logger: logger) }
    guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
  }

  /// Has topics know where they are, without making any.
  /// - Returns: what is wrong with their names.
  func look(deadline: MonotonicInstant) async throws(BrokerError) -> [String] {
    guard case .emulator(_, _, let upkeep) = broker else { return [] }
    return try await upkeep.look(deadline: deadline)
  }

  func ends(_ service: MessagingConfiguration.Service) -> Ends {
    Ends(
      configuration: service,
      topic: topic(service.topic),
      audit: service.auditQueue.map(queue),
      queues: service.queues.map { (queue: queue($0.name), deadLetterQueue: queue($0.deadLetterQueue)) },
      destinations: service.destinations(at: provider)
    )
  }

  /// How many messages of an outbox may be on their way at once: what the database is sent it takes in groups.
  var messagesInFlight: Int {
    switch broker {
    case .aws, .emulator: OutboxSettings().maximumInFlight
    case .postgres: OutboxSettings().batchSize * 2
    }
  }

  /// After everything that uses it.
  func stop() async {
    switch broker {
    case .aws: break
    case .emulator(_, _, let upkeep): await upkeep.stop()
    case .postgres(let postgres): await postgres.stop()
    }
    for client in clients { await client.shutdown() }
  }

  private func topic(_ name: BrokerNames.Name) -> any Topic {
    switch broker {
    case .aws(let aws): aws.topic(arn: name.text, credentials: keys[name.text])
    case .emulator(let aws, let topics, _): topics[name.variable] ?? aws.emulatorTopic(name)
    case .postgres(let postgres): postgres.topic(arn: name.text)
    }
  }

  /// A topic of the database; nil where topics are somewhere else.
  func databaseTopic(arn: String) -> PostgresTopic? {
    guard case .postgres(let postgres) = broker else { return nil }
    return postgres.topic(arn: arn)
  }

  private func queue(_ name: String) -> any MessageQueue {
    switch broker {
    case .aws(let aws), .emulator(let aws, _, _): aws.queue(name, credentials: keys[name])
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
