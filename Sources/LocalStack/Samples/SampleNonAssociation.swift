internal import Postgres
internal import Time

/// A non-association of a fresh all-in-one profile. The codes are those of docs/contract/non-associations.md §4.1.
struct SampleNonAssociation: Sendable {
  /// One of the two prisoners.
  struct Party: Sendable {
    let number: String
    let role: String

    init(_ number: String, _ role: String) {
      self.number = number
      self.role = role
    }
  }

  struct Closure: Sendable {
    let reason: String
    let by: String
    /// Days after 1 January 2025.
    let day: Int64
  }

  let first: Party
  let second: Party
  let reason: String
  let restrictionType: String
  let comment: String
  /// Days after 1 January 2025.
  let day: Int64
  let by: String
  let closure: Closure?

  init(
    _ first: Party,
    _ second: Party,
    _ reason: String,
    _ restrictionType: String,
    day: Int64,
    by: String = "STAFF_USER1",
    _ comment: String,
    closed closure: Closure? = nil
  ) {
    self.first = first
    self.second = second
    self.reason = reason
    self.restrictionType = restrictionType
    self.comment = comment
    self.day = day
    self.by = by
    self.closure = closure
  }

  /// The columns of its row.
  var columns: [(name: String, value: PostgresValue)] {
    let created = Self.time(day: day)
    let closed = closure.map { Self.time(day: $0.day) }
    return [
      ("first_prisoner_number", .text(first.number)), ("first_prisoner_role", .text(first.role)),
      ("second_prisoner_number", .text(second.number)), ("second_prisoner_role", .text(second.role)),
      ("reason", .text(reason)), ("restriction_type", .text(restrictionType)), ("comment", .text(comment)),
      ("when_created", .timestamp(created)), ("when_updated", .timestamp(closed ?? created)),
      ("authorised_by", .text(by)), ("updated_by", .text(closure?.by ?? by)),
      ("is_closed", .bool(closure != nil)), ("closed_by", .optional(closure?.by)),
      ("closed_reason", .optional(closure?.reason)), ("closed_at", .optional(closed)),
    ]
  }

  /// Two prisoners of one prison without a non-association between them, for the banner's example.
  static let freePair = ("C3456DE", "D4567EF")

  /// Open and closed ones, within a prison and between prisons, one with a prisoner in transfer, one with a prisoner
  /// outside.
  static let all = [
    SampleNonAssociation(
      Party("A1234BC", "VICTIM"),
      Party("B2345CD", "PERPETRATOR"),
      "BULLYING",
      "CELL",
      day: 12,
      "Took his canteen on two occasions"
    ),
    SampleNonAssociation(
      Party("C3456DE", "NOT_RELEVANT"),
      Party("A1234BC", "NOT_RELEVANT"),
      "GANG_RELATED",
      "WING",
      day: 31,
      "Opposing groups, fight in the yard"
    ),
    SampleNonAssociation(
      Party("A1234BC", "PERPETRATOR"),
      Party("E5678FG", "VICTIM"),
      "THREAT",
      "LANDING",
      day: 45,
      by: "STAFF_USER2",
      "Threats made before the transfer to Leeds"
    ),
    SampleNonAssociation(
      Party("D4567EF", "VICTIM"),
      Party("A1234BC", "UNKNOWN"),
      "VIOLENCE",
      "WING",
      day: 50,
      "Assault in the gym",
      closed: Closure(reason: "Mediation held, both content", by: "STAFF_USER2", day: 140)
    ),
    SampleNonAssociation(
      Party("B2345CD", "NOT_RELEVANT"),
      Party("D4567EF", "NOT_RELEVANT"),
      "OTHER",
      "CELL",
      day: 66,
      "Disagreement over a shared cell",
      closed: Closure(reason: "No longer needed", by: "STAFF_USER1", day: 90)
    ),
    SampleNonAssociation(
      Party("E5678FG", "PERPETRATOR"),
      Party("F6789GH", "VICTIM"),
      "BULLYING",
      "LANDING",
      day: 101,
      "Repeated name-calling"
    ),
    SampleNonAssociation(
      Party("F6789GH", "NOT_RELEVANT"),
      Party("G7890HJ", "NOT_RELEVANT"),
      "ORGANISED_CRIME",
      "WING",
      day: 118,
      by: "STAFF_USER2",
      "Rival suppliers"
    ),
    SampleNonAssociation(
      Party("G7890HJ", "NOT_RELEVANT"),
      Party("H8901JK", "NOT_RELEVANT"),
      "LEGAL_REQUEST",
      "WING",
      day: 130,
      "Co-defendants, asked for by the police"
    ),
    SampleNonAssociation(
      Party("J9012KL", "VICTIM"),
      Party("K0123LM", "PERPETRATOR"),
      "THREAT",
      "WING",
      day: 150,
      "Must not travel or be received together"
    ),
    SampleNonAssociation(
      Party("L1235MN", "PERPETRATOR"),
      Party("F6789GH", "VICTIM"),
      "VIOLENCE",
      "WING",
      day: 20,
      by: "STAFF_USER2",
      "Assault on the landing",
      closed: Closure(reason: "Released", by: "STAFF_USER2", day: 200)
    ),
  ]

  /// 09:00 UTC of a day after 1 January 2025.
  static func time(day: Int64) -> Timestamp { Timestamp(seconds: 1_735_722_000 + day * 86400) }
}
