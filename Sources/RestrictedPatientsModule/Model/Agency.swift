internal import JSON
import ServiceKit
internal import Text

/// A prison or a hospital as prison API knows it (`restricted-patients.md` §6.3).
struct Agency: Equatable, Sendable {
  var id: String
  var description: String?
  var longDescription: String?
  /// `INST`, `HOSPITAL`, `HSHOSP` and others.
  var type: String?
  var isActive: Bool?

  /// Whether somebody there is in hospital.
  var isHospital: Bool { type == AgencyType.hospital.rawValue || type == AgencyType.secureHospital.rawValue }

  /// Nulls are left out (§7.3).
  func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.field("agencyId", id)
    if let description { writer.field("description", description) }
    if let longDescription { writer.field("longDescription", longDescription) }
    if let type { writer.field("agencyType", type) }
    if let isActive { writer.field("active", isActive) }
    writer.endObject()
  }
}

/// The types that lists are asked for, in the order in which they are.
enum AgencyType: String, CaseIterable, Sendable {
  case prison = "INST"
  case hospital = "HOSPITAL"
  case secureHospital = "HSHOSP"
}

/// The agencies that a patient's ids may name, by id.
struct AgencyLists: Equatable, Sendable {
  var prisons: [ByteText: Agency]
  /// Of one that is in both lists, the entry among the hospitals counts, not the one among the secure hospitals.
  var hospitals: [ByteText: Agency]

  init(prisons: [Agency], hospitals: [Agency], secureHospitals: [Agency]) {
    self.prisons = Self.byID(prisons)
    self.hospitals = Self.byID(hospitals + secureHospitals)
  }

  private static func byID(_ agencies: [Agency]) -> [ByteText: Agency] {
    Dictionary(agencies.map { (ByteText($0.id), $0) }) { first, _ in first }
  }
}
