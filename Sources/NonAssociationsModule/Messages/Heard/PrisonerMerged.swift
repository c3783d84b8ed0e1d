import Events
internal import JSON
import ServiceKit
internal import Time

/// Two records of one prisoner became one: what `removed` had belongs to `kept` (docs/contract/non-associations.md §11).
struct PrisonerMerged: BusEvent, Equatable {
  static let type = "prison-offender-events.prisoner.merged"

  let removed: String
  let kept: String
  /// Nil if it cannot be read, which is no reason to refuse a merge.
  let occurredAt: Timestamp?
}

extension PrisonerMerged {
  init(_ details: JSONObject, _ message: JSONObject) throws(JSONObjectError) {
    occurredAt = message.instant("occurredAt")
    removed = try details.text("removedNomsNumber")
    kept = try details.text("nomsNumber")
  }
}
