import ServiceKit

/// A prison or a hospital as prison API knows it (docs/contract/restricted-patients.md §6.3).
struct Agency: Equatable, Sendable {
  var id: String
  var description: String?
  var longDescription: String?
  /// `INST`, `HOSPITAL`, `HSHOSP` and others.
  var type: String?
  var isActive: Bool?

  /// Whether it is a prison.
  var isPrison: Bool { type == AgencyType.prison.rawValue }

  /// Whether somebody there is in hospital.
  var isHospital: Bool { type == AgencyType.hospital.rawValue || type == AgencyType.secureHospital.rawValue }

  /// Nulls are left out (docs/contract/restricted-patients.md §7.3).
  enum Shape: ObjectShape {
    typealias Value = Agency
    static let name: String? = "Agency"

    static func declare(_ json: inout some ObjectDescriber<Agency>) {
      json.text("agencyId", .text(example: "MDI")) { $0.id }
      json.omittableText("description") { $0.description }
      json.omittableText("longDescription") { $0.longDescription }
      json.omittableText("agencyType") { $0.type }
      json.omittableBoolean("active") { $0.isActive }
    }
  }
}

/// The types that lists are asked for, in the order in which they are.
enum AgencyType: String, CaseIterable, Sendable {
  case prison = "INST"
  case hospital = "HOSPITAL"
  case secureHospital = "HSHOSP"
}
