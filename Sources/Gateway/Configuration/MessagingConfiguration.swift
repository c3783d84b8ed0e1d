internal import EventLoops
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
    var topicARN: String
    var auditQueue: String?
    var queues: [Queue]
    var adminRole: String
    /// Whether dead letters may be retried without a token from within the cluster.
    var isRetryAllOpen: Bool

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
  var redriveInterval: Duration?
  /// Of the audit queue, in bytes.
  var maximumQueueSize: Int
  var mergeEvents: Bool
  var nonAssociations: Service
  var restrictedPatients: Service

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
        redriveInterval: reader.optionalDuration(SettingsCatalog.redriveInterval),
        maximumQueueSize: reader.integer(SettingsCatalog.maximumQueueSize, in: 1_024...1_048_576),
        mergeEvents: reader.boolean(SettingsCatalog.mergeEvents),
        nonAssociations: nonAssociations,
        restrictedPatients: restrictedPatients
      )
    }
    for (title, service) in [
      ("non-associations", nonAssociations), ("restricted patients", restrictedPatients),
    ]
    where service.isComplete {
      for problem in service.names.problems { reader.note("\(title): \(problem)") }
    }
    return configuration
  }

  private enum ProviderName { case aws, localstack, inProcess }

  private static func readNonAssociations(_ reader: inout SettingsReader) -> Service {
    let topic = reader.requiredText(SettingsCatalog.domainEventsTopic)
    return Service(
      topicID: "domainevents",
      topicARN: topic,
      auditQueue: reader.requiredText(SettingsCatalog.auditQueue),
      queues: [
        Queue(
          id: "nonassociations",
          name: reader.requiredText(SettingsCatalog.nonAssociationsQueue),
          deadLetterQueue: reader.requiredText(SettingsCatalog.nonAssociationsDeadLetters),
          subscribedTopicARN: topic,
          eventTypes: NonAssociationsModule.consumedEvents.eventTypes,
          errorVisibility: ErrorVisibility(reader.seconds(SettingsCatalog.nonAssociationsErrorVisibility))
        )
      ],
      adminRole: reader.requiredText(SettingsCatalog.nonAssociationsQueueAdmin),
      isRetryAllOpen: true
    )
  }

  private static func readRestrictedPatients(_ reader: inout SettingsReader) -> Service {
    let errorVisibility = ErrorVisibility(reader.seconds(SettingsCatalog.restrictedPatientsErrorVisibility))
    return Service(
      topicID: "domaineventsoutbound",
      topicARN: reader.requiredText(SettingsCatalog.outboundTopic),
      auditQueue: nil,
      queues: [
        Queue(
          id: "domainevents",
          name: reader.requiredText(SettingsCatalog.patientsDomainEvents),
          deadLetterQueue: reader.requiredText(SettingsCatalog.patientsDomainEventsDeadLetters),
          subscribedTopicARN: reader.requiredText(SettingsCatalog.patientsDomainEventsTopic),
          eventTypes: RestrictedPatientsModule.domainEvents.eventTypes,
          errorVisibility: errorVisibility
        ),
        Queue(
          id: "offenderevents",
          name: reader.requiredText(SettingsCatalog.patientsOffenderEvents),
          deadLetterQueue: reader.requiredText(SettingsCatalog.patientsOffenderEventsDeadLetters),
          subscribedTopicARN: reader.requiredText(SettingsCatalog.patientsOffenderEventsTopic),
          eventTypes: RestrictedPatientsModule.offenderEvents.eventTypes,
          errorVisibility: errorVisibility
        ),
      ],
      adminRole: reader.requiredText(SettingsCatalog.restrictedPatientsQueueAdmin),
      isRetryAllOpen: false
    )
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
  /// Whether no name is missing, which the reader has noted then.
  fileprivate var isComplete: Bool {
    let names =
      [topicARN] + (auditQueue.map { [$0] } ?? []) + queues.flatMap { [$0.name, $0.deadLetterQueue] }
    return names.allSatisfy { !$0.isEmpty }
  }

  /// What must not clash.
  var names: BrokerNames {
    var names = BrokerNames()
    names.topics = [(id: topicID, arn: topicARN)]
    names.queues = queues.map {
      BrokerNames.Queue(id: $0.id, name: $0.name, deadLetterQueue: $0.deadLetterQueue)
    }
    if let auditQueue { names.queues.append(BrokerNames.Queue(id: "audit", name: auditQueue)) }
    return names
  }
}
