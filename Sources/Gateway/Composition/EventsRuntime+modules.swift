internal import EventLoops
internal import Events
internal import ModuleKit
internal import ServiceKit

extension EventsRuntime {
  /// The outboxes, relays and consumers of all modules.
  convenience init(_ modules: [ComposedModule], on messaging: Messaging, _ platform: Platform) {
    let configuration = platform.configuration.messaging
    var settings = Settings()
    settings.outbox.maximumInFlight = messaging.messagesInFlight
    settings.outbox.maximumQueueSize = configuration.maximumQueueSize
    self.init(
      modules.map { ModuleEvents($0, on: messaging, platform) },
      settings: settings,
      bus: platform.bus,
      spans: platform.observability.spans,
      group: platform.group,
      logger: platform.logger
    )
  }

  /// The components of `/health` about the topic and the queues of a module.
  func healthCheck(of module: String, _ service: MessagingConfiguration.Service, timeout: Duration)
    -> HealthCheck
  {
    let ids = [service.topicID] + service.queues.map(\.id) + (service.auditQueue.map { [$0.id] } ?? [])
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

extension ModuleEvents {
  /// What one module publishes and consumes.
  fileprivate init(
    _ module: ComposedModule,
    on messaging: Messaging,
    _ platform: Platform
  ) {
    let service = module.configuration.messaging
    let consumed = zip(service.queues, module.manifest.hears).map { queue, declared in
      let bridge = BusBridge(declared.events, to: platform.bus)
      return ConsumedQueue(
        id: queue.id,
        queue: messaging.queue(queue.name),
        deadLetterQueue: messaging.queue(queue.deadLetterQueue),
        handler: declared.span.map { RecordedHandler(bridge, as: $0, platform.observability.spans) }
          ?? bridge,
        retryPolicy: queue.retryPolicy,
        propagatesTracing: queue.propagatesTracing
      )
    }
    self.init(
      name: module.name,
      database: module.database,
      topic: (id: service.topicID, arn: service.topicARN, topic: messaging.topic(service.topic)),
      audit: service.auditQueue.map { (id: $0.id, queue: messaging.queue($0.name)) },
      destinations: service.destinations(at: platform.configuration.messaging.provider),
      consumed: consumed,
      adminRole: service.adminRole,
      isRetryAllOpen: service.isRetryAllOpen,
      redriveInterval: service.redriveInterval,
      telemetry: module.telemetry
    )
  }
}
