internal import Events
internal import HTTPTransport
internal import RestrictedPatientsModule
internal import ServiceKit

extension HostedModule {
  static func restrictedPatients(_ shared: SharedParts, _ parts: RestrictedPatientsParts) -> HostedModule {
    let configuration = shared.configuration
    let messaging = configuration.messaging.restrictedPatients
    let build = configuration.about.build
    parts.module.subscribe(to: shared.bus)
    return HostedModule(
      module: parts.module,
      hosts: configuration.restrictedPatients.hosts,
      basePath: RestrictedPatientsModule.basePath,
      name: "restrictedPatients",
      part: shared.messaging.ends(messaging).part(
        module: parts.module.name,
        database: parts.database,
        consumes: [RestrictedPatientsModule.domainEvents, RestrictedPatientsModule.offenderEvents],
        bus: shared.bus,
        telemetry: parts.telemetry
      ),
      messaging: messaging,
      info: ServiceInfo(
        name: "hmpps-restricted-patients-api",
        app: (name: "Hmpps Restricted Patients Api", version: 1.0),
        productID: configuration.about.restrictedPatientsProductID,
        build: build
      ),
      subjectAccess: parts.module.subjectAccess,
      subjectAccessTemplate: RestrictedPatientsModule.subjectAccessTemplate,
      checks: [
        .database(parts.database, timeout: configuration.about.healthTimeout),
        shared.upstreamHealth.check("prisonApiHealthCheck", shared.urls.prisonAPI),
        shared.upstreamHealth.check("prisonerSearchApiHealthCheck", shared.urls.prisonerSearch),
      ],
      document: APIDocument.Description(
        title: "HMPPS Restricted Patients API",
        version: build.version,
        description: "Prisoners who are held in a hospital while they serve their sentence.",
        errorSchema: RestrictedPatientsModule.errorSchema
      ),
      isDocumented: configuration.about.documentsRestrictedPatients
    )
  }
}
