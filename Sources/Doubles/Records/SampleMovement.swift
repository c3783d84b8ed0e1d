internal import JSON
package import Time

/// A prisoner's latest movement as prison API shows one (docs/contract/upstreams.md §4).
public struct SampleMovement: Sendable, Equatable {
  /// Code of the agency that was left.
  public var fromAgency: String
  /// Code of the agency gone to; `OUT` outside, `TRN` on the way to another prison.
  public var toAgency: String
  /// `ADM`, `REL` or `TRN`.
  public var type: String
  /// Code of the reason: `HP`, hospital.
  public var reason: String
  /// `yyyy-MM-dd`.
  public var date: String
  /// `HH:mm:ss`.
  public var time: String
  /// Free text.
  public var comment: String?

  /// What a fresh all-in-one profile starts with, by number: the admissions of those in prison, and how the others
  /// came to be where they are. One reason is padded, as prison API has some.
  public static let all: [String: SampleMovement] = {
    var all = [
      "K0123LM": SampleMovement(
        fromAgency: "LEI",
        toAgency: "TRN",
        type: "TRN",
        reason: "NOTR",
        date: "2025-12-15",
        time: "08:30:00"
      ),
      "L1235MN": SampleMovement(
        fromAgency: "MDI",
        toAgency: "OUT",
        type: "REL",
        reason: "CR",
        date: "2025-10-10",
        time: "09:15:00"
      ),
      "N3457PQ": release(from: "MDI", to: "HAZLWD", on: "2025-11-03"),
      "P4568QR": release(from: "LEI", to: "STANSD", on: "2024-06-17"),
      "Q5679RS": release(from: "LEI", to: "HAZLWD", on: "2025-12-01", reason: "HP "),
      "S6790TV": release(from: "MDI", to: "NORGEN", on: "2024-09-09"),
    ]
    for (number, prison) in SamplePrisoner.prisonsOfInmates {
      all[number] = SampleMovement(
        fromAgency: "OUT",
        toAgency: prison,
        type: "ADM",
        reason: "N",
        date: "2024-12-02",
        time: "14:05:00"
      )
    }
    return all
  }()

  /// Orders movements in time.
  package var moment: String { "\(date)T\(time)" }

  /// - Parameters:
  ///   - date: `yyyy-MM-dd`.
  ///   - time: `HH:mm:ss`.
  public init(
    fromAgency: String,
    toAgency: String,
    type: String,
    reason: String,
    date: String,
    time: String,
    comment: String? = nil
  ) {
    self.fromAgency = fromAgency
    self.toAgency = toAgency
    self.type = type
    self.reason = reason
    self.date = date
    self.time = time
    self.comment = comment
  }

  /// - Parameter time: London's; a fraction of its second is left out.
  package init(
    fromAgency: String,
    toAgency: String,
    type: String,
    reason: String,
    at time: LocalDateTime,
    comment: String? = nil
  ) {
    let parts = time.text.prefix { $0 != "." }.split(separator: "T")
    self.init(
      fromAgency: fromAgency,
      toAgency: toAgency,
      type: type,
      reason: reason,
      date: parts.first.map(String.init) ?? "",
      time: parts.last.map(String.init) ?? "",
      comment: comment
    )
  }

  private static func release(
    from prison: String,
    to hospital: String,
    on date: String,
    reason: String = "HP"
  ) -> SampleMovement {
    SampleMovement(
      fromAgency: prison,
      toAgency: hospital,
      type: "REL",
      reason: reason,
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
    json.fieldIfPresent("commentText", comment)
    json.endObject()
  }
}
