internal import Events
internal import NonAssociationsModule
internal import Observability
internal import Postgres
internal import ServiceKit

extension HostedModule {
  /// - Parameter database: migrated.
  static func nonAssociations(_ shared: SharedParts, database: PostgresDatabase) -> HostedModule {
    let configuration = shared.configuration
    let telemetry = shared.observability.nonAssociationsTelemetry
    let module = NonAssociationsModule(
      database: database,
      prisonerSearch: .init(
        baseURL: shared.urls.prisonerSearch,
        client: shared.client,
        tokens: shared.upstreamTokens(
          of: NonAssociationsModule.name,
          clientID: configuration.upstreams.nonAssociationsClientID,
          clientSecret: configuration.upstreams.nonAssociationsClientSecret
        ),
        timeout: configuration.upstreams.timeout
      ),
      london: shared.london,
      clock: shared.clock,
      outbox: configuration.messaging.nonAssociationsOutbox,
      telemetry: telemetry,
      mergeEvents: configuration.messaging.mergeEvents,
      logger: shared.logger
    )
    shared.observability.metrics.add(module.misfits, module: module.name)
    module.subscribe(to: shared.bus)
    let messaging = configuration.messaging.nonAssociations
    let build = configuration.about.build
    return HostedModule(
      module: module,
      hosts: configuration.nonAssociationsHosts,
      basePath: "non-associations-api",
      name: "nonAssociations",
      part: shared.messaging.ends(messaging).part(
        module: module.name,
        database: database,
        consumes: [NonAssociationsModule.consumedEvents],
        bus: shared.bus,
        telemetry: telemetry
      ),
      messaging: messaging,
      info: ServiceInfo(
        name: "hmpps-non-associations-api",
        productID: configuration.about.nonAssociationsProductID,
        build: build
      ),
      subjectAccess: module.subjectAccess,
      checks: [
        .database(database, timeout: configuration.about.healthTimeout),
        shared.upstreamHealth.check("hmppsAuthApi", shared.urls.oauth),
        shared.upstreamHealth.check("prisonerSearchApi", shared.urls.prisonerSearch),
      ],
      document: APIDocument.Description(
        title: "Non-Associations API",
        version: build.version,
        description: "Prisoners who must be kept apart from each other.",
        errorSchema: NonAssociationsModule.errorSchema
      ),
      isDocumented: true
    )
  }
}
