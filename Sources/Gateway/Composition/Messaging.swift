internal import EventLoops
internal import Events
internal import HTTPTransport
internal import Logging
internal import Postgres
internal import ServiceKit
internal import Time

/// The broker of the configuration, and the topics and queues of the hosted modules on it.
struct Messaging: Sendable {
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
    keys = configuration.keys ?? [:]
    switch configuration.provider {
    case .inProcess:
      clients = []
      broker = .postgres(PostgresBroker(database: database, loop: group.any(), clock: clock))
    case .emulator(let url):
      let own = AWSClients(upstreams, tls: nil, group: group)
      clients = own.all
      broker = try Self.emulator(at: url, configuration, own, group: group, clock: clock, logger: logger)
    case .aws:
      let tls = try TLSContext(trustedCertificatesFile: upstreams.trustedCertificatesFile)
      let own = AWSClients(upstreams, tls: tls, group: group)
      clients = own.all
      broker = .aws(try Self.aws(configuration, own, clock: clock, logger: logger))
    }
  }

  /// The connections to SNS and SQS.
  private struct AWSClients {
    let work: HTTPClient
    /// For questions of how queues are, which anybody may cause, and which keep no message waiting for a connection.
    let status: HTTPClient

    var all: [HTTPClient] { [work, status] }

    init(_ upstreams: Configuration.Upstreams, tls: TLSContext?, group: EventLoopGroup) {
      var asking = upstreams.clientConfiguration
      asking.maximumConnectionsPerOrigin = 8
      work = HTTPClient(group: group, configuration: upstreams.clientConfiguration, tls: tls)
      status = HTTPClient(group: group, configuration: asking, tls: tls)
    }
  }

  private static func emulator(
    at url: HTTPURL,
    _ configuration: MessagingConfiguration,
    _ clients: AWSClients,
    group: EventLoopGroup,
    clock: any WallClock,
    logger: Logger
  ) throws -> Broker {
    let hints = BrokerHints()
    func emulator(_ hints: BrokerHints?) -> AWSBroker {
      AWSBroker(
        endpoints: AWSEndpoints(emulator: url, region: configuration.region),
        credentials: AWSCredentials.emulator,
        client: clients.work,
        statusClient: clients.status,
        clock: clock,
        hints: hints
      )
    }
    let aws = emulator(hints)
    let names = configuration.services.flatMap { $0.names.topics + $0.names.subscribedTopics }
    let topics = Dictionary(names.map { ($0.variable, aws.emulatorTopic($0)) }) { first, _ in first }
    var logger = logger
    logger[metadataKey: "emulator"] = "\(url)"
    let upkeep = try EmulatorUpkeep(
      broker: emulator(nil),
      topics: Array(topics.values),
      queues: configuration.services.flatMap(\.definitions),
      hints: hints,
      loop: group.any(),
      logger: logger
    )
    return .emulator(aws, topics: topics, upkeep)
  }

  private static func aws(
    _ configuration: MessagingConfiguration,
    _ clients: AWSClients,
    clock: any WallClock,
    logger: Logger
  ) throws -> AWSBroker {
    let endpoints = try AWSEndpoints(region: configuration.region)
    let shared: any AWSCredentialsProvider
    if let any = configuration.keys?.values.first {
      // Nobody's: each topic and queue has its own.
      shared = any
    } else {
      shared = try configuration.credentials.provider(
        endpoints: endpoints,
        client: clients.work,
        clock: clock,
        logger: logger
      )
    }
    return AWSBroker(
      endpoints: endpoints,
      credentials: shared,
      client: clients.work,
      statusClient: clients.status,
      clock: clock
    )
  }

  /// Calls of AWS that begin from now on trust what this context does.
  func replaceTLS(_ context: TLSContext) {
    guard case .aws = broker else { return }
    for client in clients { client.replaceTLS(context) }
  }

  /// Makes topics and queues where that is the gateway's to do. An emulator that cannot be reached is not waited for: it
  /// gets what it lacks once it is there.
  /// - Throws: `BrokerError` for topics and queues that cannot be made in the database.
  func prepare(by clock: any MonotonicClock) async throws(BrokerError) {
    switch broker {
    case .aws: break
    case .emulator(_, _, let upkeep): await upkeep.start()
    case .postgres(let postgres):
      try await postgres.create(
        topics: Self.unique(services.flatMap(\.topicARNs)),
        queues: services.flatMap(\.definitions),
        deadline: clock.now() + .seconds(30)
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
    let problems = await withTaskExecutorPreference(loop) {
      await presence.problems(by: loop, logger: logger)
    }
    guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
  }

  /// Has topics know where they are, without making any.
  /// - Returns: what is wrong with their names.
  func look(deadline: MonotonicInstant) async throws(BrokerError) -> [String] {
    guard case .emulator(_, _, let upkeep) = broker else { return [] }
    return try await upkeep.look(deadline: deadline)
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

  func topic(_ name: BrokerNames.Name) -> any Topic {
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

  func queue(_ name: String) -> any MessageQueue {
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
