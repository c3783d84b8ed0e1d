internal import Doubles
internal import EventLoops
internal import Events
internal import LocalStack
internal import Time

extension AllInOneProfile {
  /// Puts the samples where there are none, tells the doubles what is in the databases, and lets scenes be played: the
  /// doubles' events then flow into the gateway's queues.
  /// - Throws: `PostgresError`, `LondonTimeError`.
  static func fill(_ application: GatewayApplication, _ environment: LocalEnvironment) async throws {
    let clock = application.composition.platform.group
    let databases = application.databases
    try await environment.fill(databases, deadline: clock.now() + .seconds(10))
    let composition = application.composition
    guard let broker = PlayBroker(composition.messaging, application.configuration.messaging, clock) else {
      return
    }
    try environment.play(
      on: databases,
      broker: broker,
      client: composition.platform.keysClient,
      gatewayURL: application.url
    )
  }
}

extension PlayBroker {
  /// On the topics of the database that the gateway's queues are subscribed to; nil where there are none.
  fileprivate init?(
    _ messaging: Messaging,
    _ configuration: MessagingConfiguration,
    _ clock: any MonotonicClock
  ) {
    let queues = configuration.services.flatMap(\.queues)
    guard let first = queues.first, messaging.databaseTopic(arn: first.subscribedTopicARN) != nil else {
      return nil
    }
    /// Where an event is published: on the topic of a queue that asks for it, if there is one.
    @Sendable func topic(_ event: PrisonEvent) throws -> PostgresTopic {
      let queue = queues.first { $0.eventTypes.contains(event.eventType) } ?? first
      guard let topic = messaging.databaseTopic(arn: queue.subscribedTopicARN) else {
        throw BrokerError(.notFound, "the database has no topic \(queue.subscribedTopicARN)")
      }
      return topic
    }
    self.init(
      publish: { event in
        let message = OutgoingMessage(
          body: event.message,
          attributes: ["eventType": MessageAttribute(value: event.eventType)]
        )
        return try await topic(event).publish(message, deadline: clock.now() + .seconds(5))
      },
      trail: { event, id in
        try await topic(event).deliveryStates(
          of: id,
          eventType: event.eventType,
          deadline: clock.now() + .seconds(5)
        )
        .map { Delivery($0) }
      }
    )
  }
}

extension PlayBroker.Delivery {
  fileprivate init(_ delivery: DeliveryState) {
    let state: State =
      switch delivery.place {
      case .gone: .handled
      case .there(let deliveries): .waiting(deliveries: deliveries)
      case .dead(let queue): .dead(queue)
      }
    self.init(queue: delivery.queue, state: state)
  }
}
