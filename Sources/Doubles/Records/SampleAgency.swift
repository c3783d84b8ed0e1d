internal import JSON

/// A prison or hospital as prison API shows one (docs/contract/upstreams.md §4).
public struct SampleAgency: Sendable {
  /// Its code: `MDI`.
  public let id: String
  /// Its name, as users see it.
  public let description: String
  /// Its name in full.
  public let longDescription: String
  /// `INST`, `HOSPITAL` or `HSHOSP`.
  public let type: String
  /// Whether it is in use. Prison API shows the others only when asked for them.
  public var isActive = true

  /// Whether prisoners are released to it, and not received into it.
  public var isHospital: Bool { type != "INST" }

  /// What users call an agency; its code if there is none.
  static func name(of id: String) -> String { all.first { $0.id == id }?.description ?? id }

  /// The agencies of a fresh all-in-one profile.
  public static let all: [SampleAgency] = [
    SampleAgency(
      id: "MDI",
      description: "Moorland (HMP & YOI)",
      longDescription: "HMP & YOI MOORLAND",
      type: "INST"
    ),
    SampleAgency(id: "LEI", description: "Leeds (HMP)", longDescription: "HMP LEEDS", type: "INST"),
    SampleAgency(
      id: "WWI",
      description: "Wandsworth (HMP)",
      longDescription: "HMP WANDSWORTH",
      type: "INST"
    ),
    SampleAgency(
      id: "NORGEN",
      description: "Northern General",
      longDescription: "Northern General Hospital",
      type: "HOSPITAL"
    ),
    SampleAgency(
      id: "HAZLWD",
      description: "Hazelwood House",
      longDescription: "Hazelwood House",
      type: "HSHOSP"
    ),
    SampleAgency(
      id: "STANSD",
      description: "St Ann's (Dorset)",
      longDescription: "St Ann's Hospital, Dorset",
      type: "HSHOSP"
    ),
    SampleAgency(
      id: "BKI",
      description: "Brookfield (closed)",
      longDescription: "HMP BROOKFIELD",
      type: "INST",
      isActive: false
    ),
    SampleAgency(
      id: "OLDHSP",
      description: "Old Hill House (closed)",
      longDescription: "Old Hill House",
      type: "HSHOSP",
      isActive: false
    ),
  ]

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.field("agencyId", id)
    json.field("description", description)
    json.field("longDescription", longDescription)
    json.field("agencyType", type)
    json.field("active", isActive)
    json.endObject()
  }
}
