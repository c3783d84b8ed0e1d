import Postgres
import ServiceKit
internal import Time

/// The changes of one non-association.
struct History: Sendable {
  let id: Int64
  let entries: [HistoryEntry]

  enum Shape: ObjectShape {
    typealias Value = History
    static let name: String? = "NonAssociationHistory"

    static func declare(_ json: inout some ObjectDescriber<History>) {
      json.integer("id", .nonAssociationID) { $0.id }
      json.array("history", of: HistoryEntry.Shape.self) { $0.entries }
    }
  }
}

/// A change as the history has it, and the non-association as it became; as it last was, if it was deleted.
struct HistoryEntry: Equatable, Sendable {
  var kind: StoredCode<ChangeKind>
  var at: Timestamp
  var by: String
  var reason: String?
  var requestedBy: String?
  var row: NonAssociation
}

extension HistoryEntry {
  static let table: StaticString = "non_association_history"
  /// The columns that an entry is read from. The columns of the non-association have their own names there but for its
  /// id, as an entry has one too.
  static let columns = "\(Change.columns), non_association_\(NonAssociation.record.table.selected)"

  init(_ row: PostgresRow, _ fields: NonAssociationFields, _ misfits: MisfitValues) throws {
    let nonAssociation = try NonAssociation(row, from: 5, of: Self.table, fields, misfits)
    let row = LenientRow(row, of: Self.table, key: .id(5), misfits: misfits)
    self.init(
      kind: try row.code(0),
      at: try row.instant(1),
      by: try row.text(2),
      reason: try row.optionalText(3),
      requestedBy: try row.optionalText(4),
      row: nonAssociation
    )
  }

  enum Shape: ObjectShape {
    typealias Value = HistoryEntry
    static let name: String? = nil

    static func declare(_ json: inout some ObjectDescriber<HistoryEntry>) {
      json.text("change", .choice(ChangeKind.allCases.map(\.rawValue))) { $0.kind.rawValue }
      json.instant("changedAt", .londonTime("When the change was made")) { $0.at }
      json.text("changedBy", .text("Who made the change")) { $0.by }
      json.optionalText("changeReason", .text("Why the change was made")) { $0.reason }
      json.optionalText("requestedBy", .text("Who asked for a deletion")) { $0.requestedBy }
      json.object("nonAssociation", NonAssociation.Shape.self) { $0.row }
    }
  }
}
