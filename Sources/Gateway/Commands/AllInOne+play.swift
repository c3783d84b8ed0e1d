internal import Events
internal import LocalProfile
internal import ServiceKit
internal import Time

extension ServeCommand {
  /// Puts the samples where there are none, tells the doubles of the restricted patients there are, and lets scenes be
  /// played.
  /// - Throws: `PostgresError`, `LondonTimeError`.
  static func fill(
    _ application: GatewayApplication,
    _ environment: LocalEnvironment,
    messaging: MessagingConfiguration
  ) async throws {
    let patients = application.restrictedPatientsDatabase
    let deadline = MonotonicInstant.now() + .seconds(10)
    try await SampleData.load(into: application.database, deadline: deadline)
    try await SamplePatients.load(into: patients, deadline: deadline)
    try await SamplePatients.restore(environment.records, from: patients, deadline: deadline)
    try play(on: application, environment, messaging: messaging)
  }

  /// Lets the doubles' events flow into the gateway's queues, and scenes be played.
  /// - Throws: `LondonTimeError`.
  private static func play(
    on application: GatewayApplication,
    _ environment: LocalEnvironment,
    messaging: MessagingConfiguration
  ) throws {
    environment.prisonerSearch.patients = SearchedPatients.source(
      application.restrictedPatientsDatabase,
      environment.records
    )
    guard let broker = PlayBroker(application.messaging, messaging) else { return }
    environment.records.publisher = { _ = try await broker.publish($0) }
    environment.play = LocalPlay(
      environment,
      nonAssociations: application.database,
      restrictedPatients: application.restrictedPatientsDatabase,
      broker: broker,
      client: application.client,
      gatewayURL: application.url,
      london: try LondonTime()
    )
  }
}

extension PlayBroker {
  /// On the topics of the database that the gateway's queues are subscribed to; nil where there are none.
  fileprivate init?(_ messaging: Messaging, _ configuration: MessagingConfiguration) {
    let subscribed = configuration.nonAssociations.queues + configuration.restrictedPatients.queues
    let offenderEvents = configuration.restrictedPatients.queues.first { $0.id == "offenderevents" }
    guard let domain = subscribed.first, let offenderEvents,
      let domainTopic = messaging.databaseTopic(arn: domain.subscribedTopicARN),
      let offenderTopic = messaging.databaseTopic(arn: offenderEvents.subscribedTopicARN)
    else { return nil }
    @Sendable func topic(_ event: PrisonEvent) -> PostgresTopic {
      event.isOffenderEvent ? offenderTopic : domainTopic
    }
    self.init(
      publish: { event in
        let message = OutgoingMessage(
          body: event.message,
          attributes: ["eventType": MessageAttribute(value: event.eventType)]
        )
        return try await topic(event).publish(message, deadline: .now() + .seconds(5))
      },
      trail: { event, id in
        try await topic(event).trail(of: id, eventType: event.eventType, deadline: .now() + .seconds(5))
          .map { Delivery($0) }
      }
    )
  }
}

extension PlayBroker.Delivery {
  fileprivate init(_ trail: MessageTrail) {
    let state: State =
      switch trail.state {
      case .gone: .handled
      case .there(let deliveries): .waiting(deliveries: deliveries)
      case .dead(let queue): .dead(queue)
      }
    self.init(queue: trail.queue, state: state)
  }
}
