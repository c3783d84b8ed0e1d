internal import Events
public import ModuleKit

/// Prisoners who are held in hospitals: the service `hmpps-restricted-patients-api` as a module.
public enum RestrictedPatients {
  /// All that a host needs to know of the module.
  public static let manifest = ModuleManifest(
    name: RestrictedPatientsModule.name,
    basePath: "restricted-patients-api",
    key: "restrictedPatients",
    title: "restricted patients",
    service: ServiceDescription(
      app: "hmpps-restricted-patients-api",
      legacyApp: (name: "Hmpps Restricted Patients Api", version: 1.0),
      title: "HMPPS Restricted Patients API",
      summary: "Prisoners who are held in a hospital while they serve their sentence.",
      errorSchema: ErrorBody.schema,
      servers: [
        ("https://restricted-patients-api-dev.prison.service.justice.gov.uk/", "Development"),
        ("https://restricted-patients-api-preprod.prison.service.justice.gov.uk/", "Pre-Production"),
        ("https://restricted-patients-api.prison.service.justice.gov.uk/", "Production"),
        ("http://localhost:8080", "Local"),
      ]
    ),
    settings: Settings.all,
    schema: ModuleSchema(
      migrations: RestrictedPatientsModule.migrations,
      baseline: RestrictedPatientsModule.baseline,
      adoption: RestrictedPatientsModule.adoption
    ),
    publishes: topic,
    hears: [domainEventsQueue, offenderEventsQueue],
    upstreams: [prisonerSearch, .prisonAPI],
    auth: Setting.auth.preferring("OAUTH_ENDPOINT_URL"),
    tokenScope: "write",
    bulkheads: [calls, changes, lists, .tokens],
    health: [
      .database, .upstream(.prisonAPI, component: "prisonApiHealthCheck"),
      .upstream(prisonerSearch, component: "prisonerSearchApiHealthCheck"),
    ],
    subjectAccessTemplate: SubjectAccessTemplate.text,
    jobs: [
      JobDeclaration(
        PastDateJob.name,
        batchType: "PAST_DATE_CHECK",
        "Remove every restricted patient whose sentence is over."
      )
    ],
    read: { Settings(&$0) },
    make: { settings, context in try RestrictedPatientsModule(settings, context) }
  )

  // MARK: What it calls

  /// What hangs there takes nothing from the other calls.
  fileprivate static let calls = Bulkhead("calls")
  /// For what changes prison API, so that questions do not queue behind discharges that hang.
  fileprivate static let changes = Bulkhead("changes", isForChanges: true)
  /// For the lists of agencies, which reads need, so that they do not queue behind discharges.
  fileprivate static let lists = Bulkhead("lists")

  /// Where it and the others' name of it are both set, each module takes the one that its service read.
  fileprivate static let prisonerSearch = UpstreamDeclaration.prisonerSearch
    .preferring("PRISONER_SEARCH_API_ENDPOINT_URL")

  // MARK: What it publishes and hears

  private static let topic = TopicDeclaration(
    "domaineventsoutbound",
    emulated: BrokerARN.topic("domain_events_outbound"),
    allInOne: BrokerARN.topic("domain-events"),
    "ARN of the topic that restricted patients publishes to; in production the same as non-associations'."
  )

  private static let domainEventsQueue = HeardQueueDeclaration(
    "domainevents",
    emulated: (queue: "de_rp_api_queue", deadLetters: "de_rp_api_dlq"),
    allInOne: "restricted-patients-domain-events",
    from: .topic(
      Setting(
        "HMPPS_SQS_TOPICS_DOMAINEVENTSQUEUE_ARN",
        default: BrokerARN.topic("domain_events_queue"),
        allInOne: BrokerARN.topic("domain-events"),
        "ARN of the topic that HMPPS_SQS_QUEUES_DOMAINEVENTS_QUEUE_NAME is subscribed to where it is created."
      )
    ),
    .domainEvents,
    "Queue of merges, releases and receptions for restricted patients"
  )

  private static let offenderEventsQueue = HeardQueueDeclaration(
    "offenderevents",
    emulated: (queue: "oe_rp_api_queue", deadLetters: "oe_rp_api_dlq"),
    allInOne: "restricted-patients-offender-events",
    from: .topic(
      Setting(
        "HMPPS_SQS_TOPICS_OFFENDEREVENTSQUEUE_ARN",
        default: BrokerARN.topic("offender_events_queue"),
        allInOne: BrokerARN.topic("offender-events"),
        "ARN of the topic that HMPPS_SQS_QUEUES_OFFENDEREVENTS_QUEUE_NAME is subscribed to where it is created."
      )
    ),
    .offenderEvents,
    "Queue of movements for restricted patients"
  )
}

extension RestrictedPatientsModule {
  fileprivate init(_ settings: Settings, _ context: ModuleContext) throws {
    let services = context.upstreams
    self.init(
      database: context.database,
      upstreams: Upstreams(
        prisonAPI: try services.client(of: .prisonAPI, over: RestrictedPatients.calls),
        changes: try services.client(of: .prisonAPI, over: RestrictedPatients.changes),
        lists: try services.client(of: .prisonAPI, over: RestrictedPatients.lists),
        prisonerSearch: try services.client(
          of: RestrictedPatients.prisonerSearch,
          over: RestrictedPatients.calls
        ),
        agenciesRefresh: settings.agenciesRefresh,
        agenciesMaximumAge: settings.agenciesMaximumAge
      ),
      london: context.london,
      clock: context.clock,
      outbox: context.outbox,
      telemetry: context.telemetry,
      access: settings.access,
      checksAgencies: settings.checksAgencies,
      pastDateCheckTime: settings.pastDateCheckTime,
      logger: context.logger
    )
  }
}
