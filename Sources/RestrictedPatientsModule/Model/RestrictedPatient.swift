import ServiceKit
internal import Time

/// A prisoner still serving a sentence who is held in a hospital (`restricted-patients.md` §5): one row. Times are
/// London's, without a zone.
struct RestrictedPatient: Equatable, Sendable {
  var prisonerNumber: String
  /// The prison released from.
  var fromLocationID: String
  var hospitalLocationCode: String
  /// The prison responsible: all of a row that ever changes.
  var supportingPrisonID: String
  var dischargeTime: LocalDateTime
  var commentText: String?
  var createdAt: LocalDateTime
  /// Nil for a row made by an event.
  var createdBy: String?
  var modifiedAt: LocalDateTime?
  var modifiedBy: String?
}

/// A record that is no more: the row as it was, and who took it away.
struct ArchivedPatient: Equatable, Sendable {
  /// Why a record was removed.
  enum Cause: String, Sendable {
    /// A user asked for it.
    case user = "USER"
    /// The prisoner was received into a prison.
    case reception = "RECEPTION"
    /// The past-date check found the sentence over.
    case batch = "BATCH"
    /// A merge was resolved so.
    case merge = "MERGE"
  }

  var patient: RestrictedPatient
  var removedAt: LocalDateTime
  /// Nil when nobody asked for it.
  var removedBy: String?
  var cause: StoredCode<Cause>
}
