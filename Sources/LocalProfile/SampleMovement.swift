internal import ServiceKit

/// A prisoner's latest movement as prison API shows one (upstreams.md §4).
public struct SampleMovement: Sendable, Equatable {
  public var fromAgency: String
  public var toAgency: String
  public var type: String
  public var reason: String
  /// `yyyy-MM-dd`.
  public var date: String
  /// `HH:mm:ss`.
  public var time: String
  public var comment: String?

  /// What a fresh all-in-one profile starts with: the releases to hospital of sample prisoners, by number.
  static let all: [String: SampleMovement] = [
    "N3457PQ": release(from: "MDI", to: "HAZLWD", on: "2025-11-03"),
    "P4568QR": release(from: "LEI", to: "STANSD", on: "2024-06-17"),
    "Q5679RS": release(from: "LEI", to: "HAZLWD", on: "2025-12-01"),
  ]

  private static func release(from prison: String, to hospital: String, on date: String) -> SampleMovement {
    SampleMovement(
      fromAgency: prison,
      toAgency: hospital,
      type: "REL",
      reason: "HP",
      date: date,
      time: "10:20:30",
      comment: "Psychiatric Hospital Discharge to \(hospital)"
    )
  }

  func write(of number: String, to json: inout JSONWriter) {
    json.beginObject()
    json.field("offenderNo", number)
    json.field("fromAgency", fromAgency)
    json.field("toAgency", toAgency)
    json.field("movementType", type)
    json.field("directionCode", type == "ADM" ? "IN" : "OUT")
    json.field("movementDate", date)
    json.field("movementTime", time)
    json.field("movementReasonCode", reason)
    json.field("commentText", comment)
    json.endObject()
  }
}
