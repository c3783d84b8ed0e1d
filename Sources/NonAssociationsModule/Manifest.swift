internal import Events
public import ModuleKit

/// Pairs of prisoners who must be kept apart: the service `hmpps-non-associations-api` as a module.
public enum NonAssociations {
  /// All that a host needs to know of the module.
  public static let manifest = ModuleManifest(
    name: NonAssociationsModule.name,
    basePath: "non-associations-api",
    key: "nonAssociations",
    title: "non-associations",
    service: ServiceDescription(
      app: "hmpps-non-associations-api",
      title: "Non-Associations API",
      summary: "Prisoners who must be kept apart from each other.",
      errorSchema: ErrorBody.schema,
      unusedTags: ["hmpps-queue-resource-async"]
    ),
    settings: Settings.all,
    schema: ModuleSchema(
      migrations: NonAssociationsModule.migrations,
      baseline: NonAssociationsModule.baseline,
      adoption: NonAssociationsModule.adoption
    ),
    publishes: topic,
    audits: audits,
    hears: [queue],
    isRetryAllOpen: true,
    upstreams: [.prisonerSearch],
    bulkheads: [calls],
    health: [
      .database, .auth(component: "hmppsAuthApi"),
      .upstream(.prisonerSearch, component: "prisonerSearchApi"),
    ],
    pingsAsLongAsItCalls: true,
    jobs: [
      JobDeclaration(
        CountKeeping.name,
        batchType: "NON_ASSOCIATION_COUNTS",
        "Count the non-associations of all pages again, as after triggers were off."
      )
    ],
    read: { Settings(&$0) },
    make: { settings, context in try NonAssociationsModule(settings, context) }
  )

  /// For prisoner search, which is all that the module calls.
  fileprivate static let calls = Bulkhead("calls")

  // MARK: What it publishes and hears

  private static let topic = TopicDeclaration(
    "domainevents",
    emulated: BrokerARN.topic("11111111-2222-3333-4444-555555555555"),
    allInOne: BrokerARN.topic("domain-events"),
    "ARN of the topic that non-associations publishes to."
  )

  private static let audits = SentQueueDeclaration(
    "audit",
    emulated: "audit-queue",
    allInOne: "audit",
    "Queue that non-associations writes audit messages to."
  )

  private static let queue = HeardQueueDeclaration(
    "nonassociations",
    emulated: (queue: "non-associations-event-queue", deadLetters: "non-associations-event-dlq"),
    allInOne: "non-associations",
    from: .publishedTopic,
    .nonAssociations,
    recordedAs: "hmpps-non-associations-prisoner-event-queue",
    "Queue of merges and booking moves for non-associations"
  )
}

extension NonAssociationsModule {
  fileprivate init(_ settings: Settings, _ context: ModuleContext) throws {
    self.init(
      database: context.database,
      prisonerSearch: try context.upstreams.client(of: .prisonerSearch, over: NonAssociations.calls),
      london: context.london,
      clock: context.clock,
      outbox: context.outbox,
      telemetry: context.telemetry,
      mergeEvents: settings.mergeEvents,
      logger: context.logger
    )
  }
}
