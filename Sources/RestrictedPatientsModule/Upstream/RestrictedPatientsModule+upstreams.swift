import ServiceKit
internal import Time

extension RestrictedPatientsModule {
  /// - Parameter isEnough: whether the lists have what is looked for: else newer ones are asked for.
  func agencyLists(
    before deadline: MonotonicInstant,
    isEnough: (AgencyLists) -> Bool
  ) async throws(RestrictedPatientsError) -> AgencyLists {
    try await reportingUpstream { () async throws(UpstreamFailure) in
      try await agencies.lists(deadline: deadline, isEnough: isEnough)
    }
  }
}

/// Gives an upstream's failure the module's own type.
func reportingUpstream<Value>(
  _ call: () async throws(UpstreamFailure) -> Value
) async throws(RestrictedPatientsError) -> Value {
  do {
    return try await call()
  } catch {
    throw .upstream(error)
  }
}
