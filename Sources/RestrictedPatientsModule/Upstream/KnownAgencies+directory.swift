import ServiceKit
internal import Time

extension KnownAgencies {
  /// - Throws: `RestrictedPatientsError.invalid` for a prison or hospital that is in no list, `RestrictedPatientsError.upstream` if there are no lists.
  static func check(
    _ patient: RestrictedPatient,
    in agencies: AgencyDirectory,
    before deadline: MonotonicInstant
  ) async throws(RestrictedPatientsError) {
    let lists = try await reportingUpstream { () async throws(UpstreamFailure) in
      try await agencies.lists(deadline: deadline) { $0.haveAgencies(of: patient) }
    }
    try check(patient, in: lists)
  }
}
