import Postgres
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

  /// The columns of the history that keep it.
  static let columns = "change, changed_at, changed_by, change_reason, requested_by"

  /// The values of ``columns``.
  var values: [PostgresValue] {
    [.text(kind.rawValue), .timestamp(at), .text(by), .optional(reason), .optional(requestedBy)]
  }
}
