internal import Crypto
internal import Events
internal import HTTPTransport
internal import ModuleKit
internal import SharedAuth

/// Where domain events go and come from.
struct MessagingConfiguration: Sendable {
  enum Provider: Sendable {
    case aws
    case emulator(HTTPURL)
    case inProcess
  }

  /// A queue that a service consumes.
  struct Queue: Sendable {
    var id: String
    var name: String
    var deadLetterQueue: String
    /// The topic that an emulator subscribes it to, and for which events.
    var subscribedTopicARN: String
    var eventTypes: [String]
    /// Where it is made.
    var maximumReceiveCount: Int
    /// Where it is made.
    var visibilityTimeout: Duration
    var retryPolicy: RetryPolicy
    var propagatesTracing: Bool
  }

  /// The names of one module.
  struct Service: Sendable {
    let manifest: ModuleManifest
    var topicID: String
    var topic: BrokerNames.Name
    /// Whether events and audit messages name their traces.
    var propagatesTracing: (topic: Bool, audit: Bool)
    /// nil for a module that writes no audit messages.
    var auditQueue: (id: String, name: String)?
    var queues: [Queue]
    /// All of the module's names, with their variables.
    var names: BrokerNames
    var adminRole: String
    /// Whether dead letters may be retried without a token from within the cluster.
    var isRetryAllOpen: Bool
    /// How often its dead letters are tried again; nil for never.
    var redriveInterval: Duration?

    var topicARN: String { topic.text }

    /// Where the outbox's messages are meant to go. Only in AWS is a topic's account more than a default.
    func destinations(at provider: Provider) -> OutboxDestinations {
      let topic =
        switch provider {
        case .aws: topicARN
        case .emulator, .inProcess: BrokerARN.name(topicARN)
        }
      var destinations = OutboxDestinations(topic: topic, auditQueue: auditQueue?.name)
      destinations.tracesEvents = propagatesTracing.topic
      destinations.tracesAudits = propagatesTracing.audit
      return destinations
    }

    /// The topics that an emulator must have.
    var topicARNs: [String] { [topicARN] + queues.map(\.subscribedTopicARN) }

    /// The queues that an emulator must have.
    var definitions: [QueueDefinition] {
      let audit = auditQueue.map { QueueDefinition($0.name) }
      let consumed = queues.map {
        QueueDefinition(
          $0.name,
          deadLetterQueue: $0.deadLetterQueue,
          maximumReceiveCount: $0.maximumReceiveCount,
          visibilityTimeout: $0.visibilityTimeout,
          subscriptions: [
            SubscriptionDefinition(
              topic: BrokerARN.name($0.subscribedTopicARN),
              filter: FilterPolicy(eventTypes: $0.eventTypes)
            )
          ]
        )
      }
      return consumed + (audit.map { [$0] } ?? [])
    }
  }

  var provider: Provider
  var region: String
  var credentials: AWSCredentialSettings
  /// The keys of each topic and queue, by ARN and name; nil where all share `credentials`.
  var keys: [String: AWSCredentials]?
  /// Of the audit queue, in bytes.
  var maximumQueueSize: Int
  /// Of the hosted modules, in their order.
  var services: [Service]

  /// Where a module leaves its messages.
  func outbox(of service: Service) -> PostgresOutbox {
    PostgresOutbox(module: service.manifest.name, destinations: service.destinations(at: provider))
  }

  /// - Parameter services: of the hosted modules.
  /// - Returns: nil if something is wrong, which the reader then holds.
  static func read(_ services: [Service], _ reader: inout SettingsReader) -> MessagingConfiguration? {
    let name = reader.choice(
      Setting.brokerProvider,
      [("aws", ProviderName.aws), ("localstack", .localstack), ("in-process", .inProcess)],
      fallback: .aws
    )
    let provider: Provider?
    switch name {
    case .aws: provider = .aws
    case .inProcess: provider = .inProcess
    case .localstack: provider = reader.url(SettingsCatalog.queueEmulator).map { .emulator($0) }
    }
    let configuration = provider.map {
      MessagingConfiguration(
        provider: $0,
        region: reader.requiredText(SettingsCatalog.queueRegion),
        credentials: readCredentials(reader),
        keys: readKeys(services, provider: name, &reader),
        maximumQueueSize: reader.integer(SettingsCatalog.maximumQueueSize, in: 1_024...1_048_576),
        services: services
      )
    }
    if name == .aws, let region = reader.text(SettingsCatalog.queueRegion),
      (try? AWSEndpoints(region: region)) == nil
    {
      reader.note("\(SettingsCatalog.queueRegion.name): '\(region)' is not a region of AWS")
    }
    for service in services {
      var names = service.names
      // Where queues are not made, they are not subscribed either.
      if name == .aws { names.subscribedTopics = [] }
      for problem in names.problems { reader.note(problem) }
    }
    return configuration
  }

  private enum ProviderName { case aws, localstack, inProcess }

  private static func readKeys(
    _ services: [Service],
    provider: ProviderName,
    _ reader: inout SettingsReader
  ) -> [String: AWSCredentials]? {
    let usesWebToken = reader.choice(
      SettingsCatalog.webToken,
      [("true", true), ("false", false)],
      fallback: true
    )
    guard !usesWebToken, provider == .aws else { return nil }
    let owners = services.flatMap { service in
      [BrokerKeys.Owner(name: service.topicARN, prefix: TopicDeclaration.prefix(service.topicID))]
        + (service.auditQueue.map {
          [BrokerKeys.Owner(name: $0.name, prefix: HeardQueueDeclaration.prefix($0.id) + "QUEUE")]
        } ?? [])
        + service.queues.flatMap { queue in
          let prefix = HeardQueueDeclaration.prefix(queue.id)
          return [
            BrokerKeys.Owner(name: queue.name, prefix: prefix + "QUEUE"),
            BrokerKeys.Owner(name: queue.deadLetterQueue, prefix: prefix + "DLQ"),
          ]
        }
    }
    return BrokerKeys.read(owners, &reader)
  }

  private static func readCredentials(_ reader: SettingsReader) -> AWSCredentialSettings {
    var credentials = AWSCredentialSettings()
    credentials.accessKeyID = reader.text(SettingsCatalog.awsAccessKey)
    credentials.secretAccessKey = reader.text(SettingsCatalog.awsSecretKey).map { Secret($0) }
    credentials.sessionToken = reader.text(SettingsCatalog.awsSessionToken).map { Secret($0) }
    credentials.roleARN = reader.text(SettingsCatalog.awsRole)
    credentials.webIdentityTokenFile = reader.text(SettingsCatalog.awsTokenFile)
    if let session = reader.text(SettingsCatalog.awsSession) { credentials.roleSessionName = session }
    return credentials
  }
}

extension MessagingConfiguration.Service {
  /// What is wrong is in the reader's problems.
  static func read(_ manifest: ModuleManifest, _ reader: inout SettingsReader) -> Self {
    var names = BrokerNames()
    let topic = reader.brokerName(manifest.publishes.arn, into: &names.topics)
    let audit = manifest.audits.map {
      (id: $0.id, name: reader.brokerName($0.name, into: &names.queues).text)
    }
    let visibility = reader.seconds(manifest.settings.errorVisibility)
    let queues = manifest.hears.map { declared in
      let name = reader.brokerName(declared.name, into: &names.queues).text
      let deadLetters = reader.brokerName(declared.deadLetters, into: &names.deadLetterQueues).text
      let subscribed =
        switch declared.source {
        case .publishedTopic: topic
        case .topic(let setting): reader.brokerName(setting, into: &names.subscribedTopics)
        }
      return MessagingConfiguration.Queue(
        id: declared.id,
        name: name,
        deadLetterQueue: deadLetters,
        subscribedTopicARN: subscribed.text,
        eventTypes: declared.events.eventTypes,
        maximumReceiveCount: reader.integer(declared.maximumReceiveCount, in: 1...1000),
        visibilityTimeout: .seconds(reader.integer(declared.visibilityTimeout, in: 1...43_200)),
        retryPolicy: retryPolicy(declared, else: visibility, &reader),
        propagatesTracing: reader.boolean(declared.propagatesTracing)
      )
    }
    return Self(
      manifest: manifest,
      topicID: manifest.publishes.id,
      topic: topic,
      propagatesTracing: (
        topic: reader.boolean(manifest.publishes.propagatesTracing),
        audit: manifest.audits.map { reader.boolean($0.propagatesTracing) } ?? true
      ),
      auditQueue: audit,
      queues: queues,
      names: names,
      adminRole: reader.requiredText(manifest.settings.queueAdminRole),
      isRetryAllOpen: readIsRetryAllOpen(manifest, &reader),
      redriveInterval: reader.optionalDuration(manifest.settings.redriveInterval)
    )
  }
}

extension MessagingConfiguration.Service {
  /// The event type's list comes before the queue's, and that before the module's (docs/contract/platform.md §5.4).
  private static func retryPolicy(
    _ declared: HeardQueueDeclaration,
    else visibility: [Int],
    _ reader: inout SettingsReader
  ) -> RetryPolicy {
    var eventTimeouts: [String: [Int]] = [:]
    for (type, setting) in declared.eventErrorVisibility where reader.text(setting) != nil {
      eventTimeouts[type] = reader.seconds(setting)
    }
    let isOwn = reader.text(declared.errorVisibility) != nil
    return RetryPolicy(
      isOwn ? reader.seconds(declared.errorVisibility) : visibility,
      eventTimeouts: eventTimeouts
    )
  }

  /// To the replaced services the mere presence of their variable said that it is protected (docs/contract/platform.md §4).
  private static func readIsRetryAllOpen(_ manifest: ModuleManifest, _ reader: inout SettingsReader) -> Bool {
    let setting = manifest.settings.protectsRetryAll
    guard let value = reader.value(setting) else { return manifest.isRetryAllOpen }
    if let name = value.origin.name, setting.aliases.contains(name) { return false }
    return !reader.boolean(setting)
  }
}

extension SettingsReader {
  /// A name of a topic or queue, which must be there; added to `names`.
  fileprivate mutating func brokerName(
    _ setting: Setting,
    into names: inout [BrokerNames.Name]
  ) -> BrokerNames.Name {
    let isDefault: Bool =
      switch value(setting)?.origin {
      case .environment, .file: false
      case .provided, .profile, .emulator, .builtIn, nil: true
      }
    let name = BrokerNames.Name(setting.name, requiredText(setting), isDefault: isDefault)
    names.append(name)
    return name
  }
}
