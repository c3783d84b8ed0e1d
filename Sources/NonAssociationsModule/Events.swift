import EventLoops
import Events
import ServiceKit

/// What the module publishes (`non-associations.md` §10.1).
struct NonAssociationEvents: Sendable {
  let london: LondonTime

  /// - Parameter now: the time of the change, which is the time of the event.
  func created(_ row: NonAssociation, at now: Timestamp) -> DomainEvent {
    event("non-associations.created", "A non-association has been created:", row, now)
  }

  private func event(_ type: String, _ description: String, _ row: NonAssociation, _ now: Timestamp)
    -> DomainEvent
  {
    var writer = JSONWriter(capacity: 384)
    writer.beginObject()
    writer.field("eventType", type)
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
    writer.field("description", "\(description)  \(row.id)")
    writer.endObject()
    return DomainEvent(
      eventType: type,
      subject: DomainEvent.subject(row.first.prisonerNumber, row.second.prisonerNumber),
      message: writer.bytes
    )
  }
}
