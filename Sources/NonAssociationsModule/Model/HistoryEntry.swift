internal import JSON
import ServiceKit
internal import Time

/// What a change was, for the table `non_association_history`.
enum ChangeKind: String, CaseIterable, Sendable {
  /// How a row stood that is older than the history, kept before its first change.
  case existing = "EXISTING"
  case created = "CREATED"
  case updated = "UPDATED"
  case closed = "CLOSED"
  case reopened = "REOPENED"
  case deleted = "DELETED"
  /// A prisoner number was replaced, because of a merge or a moved booking.
  case merged = "MERGED"
}

/// Who changed a non-association, when and why.
struct Change: Equatable, Sendable {
  var kind: ChangeKind
  var at: Timestamp
  /// The user, or the client where there is none; the service itself for merges.
  var by: String
  /// Why a row was deleted, or which event changed it; the reasons of closing and re-opening are in the row.
  var reason: String?
  /// Who asked for a deletion.
  var requestedBy: String?
}

/// A change as the history has it, and the non-association as it became; as it last was, if it was deleted.
struct HistoryEntry: Equatable, Sendable {
  var kind: StoredCode<ChangeKind>
  var at: Timestamp
  var by: String
  var reason: String?
  var requestedBy: String?
  var row: NonAssociation

  func write(to writer: inout JSONWriter, _ london: LondonTime) {
    writer.beginObject()
    writer.field("change", kind.rawValue)
    writer.field("changedAt", london.local(at))
    writer.field("changedBy", by)
    writer.field("changeReason", reason)
    writer.field("requestedBy", requestedBy)
    writer.key("nonAssociation")
    row.write(to: &writer, london)
    writer.endObject()
  }
}
