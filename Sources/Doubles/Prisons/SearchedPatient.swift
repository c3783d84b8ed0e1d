internal import JSON

/// What prisoner search knows of a restricted patient besides: it asks the restricted patients service for it.
public struct SearchedPatient: Sendable, Equatable {
  /// Code of the prison that is responsible.
  public var supportingPrisonID: String
  /// Code of the hospital.
  public var hospitalID: String
  /// Name of the hospital.
  public var hospitalName: String
  /// `yyyy-MM-dd`.
  public var dischargeDate: String
  /// What the discharge was noted with.
  public var details: String?

  /// - Parameter dischargeDate: `yyyy-MM-dd`.
  public init(
    supportingPrisonID: String,
    hospitalID: String,
    hospitalName: String,
    dischargeDate: String,
    details: String?
  ) {
    self.supportingPrisonID = supportingPrisonID
    self.hospitalID = hospitalID
    self.hospitalName = hospitalName
    self.dischargeDate = dischargeDate
    self.details = details
  }

  func writeMembers(to json: inout JSONWriter) {
    json.field("supportingPrisonId", supportingPrisonID)
    json.field("dischargedHospitalId", hospitalID)
    json.field("dischargedHospitalDescription", hospitalName)
    json.field("dischargeDate", dischargeDate)
    json.fieldIfPresent("dischargeDetails", details)
  }
}
