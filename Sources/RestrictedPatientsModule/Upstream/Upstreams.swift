import ServiceKit

/// The services that the module calls. What hangs over one client takes no connection from the others.
struct Upstreams: Sendable {
  let prisonAPI: UpstreamClient
  /// Prison API, for what changes it, so that questions do not queue behind discharges that hang.
  let changes: UpstreamClient
  /// Prison API, for the lists of agencies, which reads need, so that they do not queue behind discharges.
  let lists: UpstreamClient
  let prisonerSearch: UpstreamClient
  /// The age at which the lists of agencies are asked for again, in the background.
  var agenciesRefresh = Duration.seconds(600)
  /// The age at which lists of agencies are no longer used.
  var agenciesMaximumAge = Duration.seconds(86_400)
}
