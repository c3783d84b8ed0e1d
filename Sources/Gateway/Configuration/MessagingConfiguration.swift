internal import Crypto
internal import Events
internal import HTTPTransport
internal import NonAssociationsModule
internal import RestrictedPatientsModule
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
    var errorVisibility: ErrorVisibility
  }

  /// The names of one service.
  struct Service: Sendable {
    var topicID: String
    var topic: BrokerNames.Name
    var auditQueue: String?
    var queues: [Queue]
    /// All of the service's names, with their variables.
    var names: BrokerNames
    var adminRole: String
    /// Whether dead letters may be retried without a token from within the cluster.
    var isRetryAllOpen: Bool

    var topicARN: String { topic.text }

    /// Where the outbox's messages are meant to go. Only in AWS is a topic's account more than a default.
    func destinations(at provider: Provider) -> OutboxDestinations {
      let topic =
        switch provider {
        case .aws: topicARN
        case .emulator, .inProcess: BrokerARN.name(topicARN)
        }
      return OutboxDestinations(topic: topic, auditQueue: auditQueue)
    }

    /// The topics that an emulator must have.
    var topicARNs: [String] { [topicARN] + queues.map(\.subscribedTopicARN) }

    /// The queues that an emulator must have.
    var definitions: [QueueDefinition] {
      let audit = auditQueue.map { QueueDefinition($0) }
      let consumed = queues.map {
        QueueDefinition(
          $0.name,
          deadLetterQueue: $0.deadLetterQueue,
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
  var redriveInterval: Duration?
  /// Of the audit queue, in bytes.
  var maximumQueueSize: Int
  var mergeEvents: Bool
  var nonAssociations: Service
  var restrictedPatients: Service

  var services: [Service] { [nonAssociations, restrictedPatients] }

  /// Where non-associations leaves its messages.
  var nonAssociationsOutbox: PostgresOutbox {
    PostgresOutbox(
      module: NonAssociationsModule.name,
      destinations: nonAssociations.destinations(at: provider)
    )
  }

  /// Where restricted patients leaves its messages.
  var patientsOutbox: PostgresOutbox {
    PostgresOutbox(
      module: RestrictedPatientsModule.name,
      destinations: restrictedPatients.destinations(at: provider)
    )
  }

  /// - Returns: nil if something is wrong, which the reader then holds.
  static func read(_ reader: inout SettingsReader) -> MessagingConfiguration? {
    let name = reader.choice(
      SettingsCatalog.queueProvider,
      [("aws", ProviderName.aws), ("localstack", .localstack), ("in-process", .inProcess)],
      fallback: .aws
    )
    let provider: Provider?
    switch name {
    case .aws: provider = .aws
    case .inProcess: provider = .inProcess
    case .localstack: provider = reader.url(SettingsCatalog.queueEmulator).map { .emulator($0) }
    }
    let nonAssociations = readNonAssociations(&reader)
    let restrictedPatients = readRestrictedPatients(&reader)
    let configuration = provider.map {
      MessagingConfiguration(
        provider: $0,
        region: reader.requiredText(SettingsCatalog.queueRegion),
        credentials: readCredentials(reader),
        keys: readKeys(nonAssociations, restrictedPatients, provider: name, &reader),
        redriveInterval: reader.optionalDuration(SettingsCatalog.redriveInterval),
        maximumQueueSize: reader.integer(SettingsCatalog.maximumQueueSize, in: 1_024...1_048_576),
        mergeEvents: reader.boolean(SettingsCatalog.mergeEvents),
        nonAssociations: nonAssociations,
        restrictedPatients: restrictedPatients
      )
    }
    if name == .aws, let region = reader.text(SettingsCatalog.queueRegion),
      (try? AWSEndpoints(region: region)) == nil
    {
      reader.note("\(SettingsCatalog.queueRegion.name): '\(region)' is no region")
    }
    for service in [nonAssociations, restrictedPatients] {
      var names = service.names
      // Where queues are not made, they are not subscribed either.
      if name == .aws { names.subscribedTopics = [] }
      for problem in names.problems { reader.note(problem) }
    }
    return configuration
  }

  private enum ProviderName { case aws, localstack, inProcess }

  private static func readNonAssociations(_ reader: inout SettingsReader) -> Service {
    var names = BrokerNames()
    let topic = reader.brokerName(SettingsCatalog.domainEventsTopic, into: &names.topics)
    let audit = reader.brokerName(SettingsCatalog.auditQueue, into: &names.queues)
    let queue = Queue(
      id: "nonassociations",
      name: reader.brokerName(SettingsCatalog.nonAssociationsQueue, into: &names.queues).text,
      deadLetterQueue: reader.brokerName(
        SettingsCatalog.nonAssociationsDeadLetters,
        into: &names.deadLetterQueues
      ).text,
      subscribedTopicARN: topic.text,
      eventTypes: NonAssociationsModule.consumedEvents.eventTypes,
      errorVisibility: ErrorVisibility(reader.seconds(SettingsCatalog.nonAssociationsErrorVisibility))
    )
    return Service(
      topicID: "domainevents",
      topic: topic,
      auditQueue: audit.text,
      queues: [queue],
      names: names,
      adminRole: reader.requiredText(SettingsCatalog.nonAssociationsQueueAdmin),
      isRetryAllOpen: true
    )
  }

  private static func readRestrictedPatients(_ reader: inout SettingsReader) -> Service {
    let errorVisibility = ErrorVisibility(reader.seconds(SettingsCatalog.restrictedPatientsErrorVisibility))
    var names = BrokerNames()
    let topic = reader.brokerName(SettingsCatalog.outboundTopic, into: &names.topics)
    func queue(
      _ id: String,
      _ settings: (name: Setting, deadLetters: Setting, topic: Setting),
      _ types: [String]
    )
      -> Queue
    {
      Queue(
        id: id,
        name: reader.brokerName(settings.name, into: &names.queues).text,
        deadLetterQueue: reader.brokerName(settings.deadLetters, into: &names.deadLetterQueues).text,
        subscribedTopicARN: reader.brokerName(settings.topic, into: &names.subscribedTopics).text,
        eventTypes: types,
        errorVisibility: errorVisibility
      )
    }
    let queues = [
      queue(
        "domainevents",
        (
          SettingsCatalog.patientsDomainEvents, SettingsCatalog.patientsDomainEventsDeadLetters,
          SettingsCatalog.patientsDomainEventsTopic
        ),
        RestrictedPatientsModule.domainEvents.eventTypes
      ),
      queue(
        "offenderevents",
        (
          SettingsCatalog.patientsOffenderEvents, SettingsCatalog.patientsOffenderEventsDeadLetters,
          SettingsCatalog.patientsOffenderEventsTopic
        ),
        RestrictedPatientsModule.offenderEvents.eventTypes
      ),
    ]
    return Service(
      topicID: "domaineventsoutbound",
      topic: topic,
      auditQueue: nil,
      queues: queues,
      names: names,
      adminRole: reader.requiredText(SettingsCatalog.restrictedPatientsQueueAdmin),
      isRetryAllOpen: false
    )
  }

  private static func readKeys(
    _ nonAssociations: Service,
    _ restrictedPatients: Service,
    provider: ProviderName,
    _ reader: inout SettingsReader
  ) -> [String: AWSCredentials]? {
    let usesWebToken = reader.choice(
      SettingsCatalog.webToken,
      [("true", true), ("false", false)],
      fallback: true
    )
    guard !usesWebToken, provider == .aws else { return nil }
    let owners = [nonAssociations, restrictedPatients].flatMap { service in
      [BrokerKeys.Owner(name: service.topicARN, prefix: "HMPPS_SQS_TOPICS_\(service.topicID.uppercased())_")]
        + (service.auditQueue.map { [BrokerKeys.Owner(name: $0, prefix: "HMPPS_SQS_QUEUES_AUDIT_QUEUE")] }
          ?? [])
        + service.queues.flatMap { queue in
          let prefix = "HMPPS_SQS_QUEUES_\(queue.id.uppercased())_"
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

extension SettingsReader {
  /// A name of a topic or queue, which must be there; added to `names`.
  fileprivate mutating func brokerName(
    _ setting: Setting,
    into names: inout [BrokerNames.Name]
  ) -> BrokerNames.Name {
    let isDefault: Bool =
      switch value(setting)?.origin {
      case .environment, .file: false
      case .profile, .emulator, .builtIn, nil: true
      }
    let name = BrokerNames.Name(setting.name, requiredText(setting), isDefault: isDefault)
    names.append(name)
    return name
  }
}
