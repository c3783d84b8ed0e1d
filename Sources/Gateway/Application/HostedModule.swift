internal import Events
internal import HTTPTransport
internal import Postgres
internal import ServiceKit

/// A business module with all that the gateway has around it.
struct HostedModule {
  let module: any Module
  /// Names at which it answers alone, and the base path under which it does everywhere else.
  let hosts: [HTTPHost]
  let basePath: String
  /// By which the union tells the services apart: `nonAssociations`.
  let name: String
  /// What it publishes and consumes.
  let part: EventsRuntime.Part
  let messaging: MessagingConfiguration.Service
  let info: ServiceInfo
  let subjectAccess: any SubjectAccessSource
  /// How the central service lays that out; nil where the service has no template.
  var subjectAccessTemplate: String?
  /// Checks of `/health` besides those of the process and of its queues.
  let checks: [HealthCheck]
  let document: APIDocument.Description
  /// Whether its API's description is served.
  let isDocumented: Bool

  func health(_ shared: SharedParts, _ events: EventsRuntime) -> Health {
    let queues = events.healthCheck(
      of: module.name,
      messaging,
      timeout: shared.configuration.about.healthTimeout
    )
    return Health(HealthCheck.process(shared.readiness) + checks + [queues])
  }
}
