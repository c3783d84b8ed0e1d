import Events
internal import JSON
import ModuleKit
import ServiceKit
internal import Time

/// What the module tells of its changes (docs/contract/non-associations.md §10): one domain event and one audit message each.
struct NonAssociationMessages: Sendable {
  static let service = "hmpps-non-associations-api"

  let london: LondonTime

  /// What each kind of change is called.
  private enum Wording {
    case created, amended, reopened, closed, deleted

    init(_ kind: ChangeKind) {
      switch kind {
      case .created: self = .created
      case .updated, .merged, .existing: self = .amended
      case .reopened: self = .reopened
      case .closed: self = .closed
      case .deleted: self = .deleted
      }
    }

    var eventType: String {
      switch self {
      case .created: "non-associations.created"
      case .amended, .reopened: "non-associations.amended"
      case .closed: "non-associations.closed"
      case .deleted: "non-associations.deleted"
      }
    }

    var verb: String {
      switch self {
      case .created: "created"
      case .amended: "amended"
      case .reopened: "re-opened"
      case .closed: "closed"
      case .deleted: "deleted"
      }
    }

    var audit: String {
      switch self {
      case .created: "NON_ASSOCIATION_CREATED"
      case .amended: "NON_ASSOCIATION_UPDATED"
      case .reopened: "NON_ASSOCIATION_REOPENED"
      case .closed: "NON_ASSOCIATION_CLOSED"
      case .deleted: "NON_ASSOCIATION_DELETED"
      }
    }
  }

  /// - Parameters:
  ///   - row: as it became; as it last was, if it was deleted.
  ///   - change: its time is the time of the event and of the audit message. A deletion's reason and requester are
  ///     the audit message's details.
  func changed(_ row: NonAssociation, by change: Change) -> ChangeMessages {
    let wording = Wording(change.kind)
    return ChangeMessages(event: event(wording, row, change.at), audit: audit(wording, row, change))
  }

  private func event(_ wording: Wording, _ row: NonAssociation, _ now: Timestamp) -> DomainEvent {
    var writer = JSONWriter(capacity: 384)
    writer.beginObject()
    writer.field("eventType", wording.eventType)
    writer.key("additionalInformation")
    writer.beginObject()
    writer.field("id", row.id)
    writer.field("nsPrisonerNumber1", row.first.prisonerNumber)
    writer.field("nsPrisonerNumber2", row.second.prisonerNumber)
    writer.field("source", "DPS")
    writer.endObject()
    writer.field("version", "1.0")
    writer.field("occurredAt", london.offsetText(now))
    // Two blanks before the id: subscribers have always seen them.
    writer.field("description", "A non-association has been \(wording.verb):  \(row.id)")
    writer.endObject()
    return DomainEvent(
      eventType: wording.eventType,
      subject: DomainEvent.subject(row.first.prisonerNumber, row.second.prisonerNumber),
      message: writer.bytes
    )
  }

  private func audit(_ wording: Wording, _ row: NonAssociation, _ change: Change) -> AuditMessage {
    var details = JSONWriter(capacity: row.jsonSize)
    if case .deleted = wording {
      details.beginObject()
      details.field("deletionReason", change.reason ?? "")
      details.field("staffUserNameRequestingDeletion", change.requestedBy ?? change.by)
      details.endObject()
    } else {
      NonAssociation.Shape.write(row, to: &details, london)
    }
    var writer = JSONWriter(capacity: 256 + details.bytes.count * 2)
    writer.beginObject()
    writer.field("what", wording.audit)
    writer.field("when", change.at.instantText)
    writer.field("who", change.by)
    writer.field("service", Self.service)
    writer.field("details", String(decoding: details.bytes, as: UTF8.self))
    writer.endObject()
    return AuditMessage(
      what: wording.audit,
      subject: DomainEvent.subject(row.first.prisonerNumber, row.second.prisonerNumber),
      record: String(row.id),
      message: writer.bytes
    )
  }
}
