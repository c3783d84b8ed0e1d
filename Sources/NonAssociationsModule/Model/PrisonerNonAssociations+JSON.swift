internal import JSON
import ServiceKit
internal import Time

extension PrisonerNonAssociations {
  /// The contract's shape of a prisoner's list (`non-associations.md` §5), all keys in their order.
  func write(to writer: inout JSONWriter, _ london: LondonTime) {
    writer.beginObject()
    writer.field("prisonerNumber", prisoner.prisonerNumber)
    prisoner.writeNameAndPlace(to: &writer)
    writer.field("openCount", Int64(openCount))
    writer.field("closedCount", Int64(closedCount))
    writer.key("nonAssociations")
    writer.beginArray()
    for item in items { item.write(to: &writer, london) }
    writer.endArray()
    writer.endObject()
  }
}

extension PrisonerNonAssociations.Item {
  fileprivate func write(to writer: inout JSONWriter, _ london: LondonTime) {
    writer.beginObject()
    writer.field("id", nonAssociation.id)
    writer.field("role", own.role.rawValue)
    writer.field("roleDescription", own.role.description)
    nonAssociation.writeReason(to: &writer)
    writer.field("comment", nonAssociation.comment)
    writer.field("authorisedBy", nonAssociation.authorisedBy ?? "")
    nonAssociation.writeTimes(to: &writer, london)
    nonAssociation.writeClosure(to: &writer, london)
    writer.key("otherPrisonerDetails")
    writer.beginObject()
    writer.field("prisonerNumber", other.prisonerNumber)
    writer.field("role", other.role.rawValue)
    writer.field("roleDescription", other.role.description)
    otherPrisoner.writeNameAndPlace(to: &writer)
    writer.endObject()
    writer.field("isOpen", !nonAssociation.isClosed)
    writer.endObject()
  }
}

extension Prisoner {
  fileprivate func writeNameAndPlace(to writer: inout JSONWriter) {
    writer.field("firstName", firstName)
    writer.field("lastName", lastName)
    writer.field("prisonId", prisonID)
    writer.field("prisonName", prisonName)
    writer.field("cellLocation", cellLocation)
  }
}
