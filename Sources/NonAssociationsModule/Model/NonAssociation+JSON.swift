internal import JSON
import ServiceKit
internal import Time

extension NonAssociation {
  /// The contract's shape of one non-association (`non-associations.md` §5), all keys in their order.
  func write(to writer: inout JSONWriter, _ london: LondonTime) {
    writer.beginObject()
    writer.field("id", id)
    writer.field("firstPrisonerNumber", first.prisonerNumber)
    writer.field("firstPrisonerRole", first.role.rawValue)
    writer.field("firstPrisonerRoleDescription", first.role.description)
    writer.field("secondPrisonerNumber", second.prisonerNumber)
    writer.field("secondPrisonerRole", second.role.rawValue)
    writer.field("secondPrisonerRoleDescription", second.role.description)
    writeReason(to: &writer)
    writer.field("comment", comment)
    writeTimes(to: &writer, london)
    writeClosure(to: &writer, london)
    writer.field("isOpen", !isClosed)
    writer.endObject()
  }

  func writeReason(to writer: inout JSONWriter) {
    writer.field("reason", reason.rawValue)
    writer.field("reasonDescription", reason.description)
    writer.field("restrictionType", restrictionType.rawValue)
    writer.field("restrictionTypeDescription", restrictionType.description)
  }

  func writeTimes(to writer: inout JSONWriter, _ london: LondonTime) {
    writer.field("whenCreated", london.local(whenCreated))
    writer.field("whenUpdated", london.local(whenUpdated))
    writer.field("updatedBy", updatedBy)
  }

  func writeClosure(to writer: inout JSONWriter, _ london: LondonTime) {
    writer.field("isClosed", isClosed)
    writer.field("closedBy", closure?.by)
    writer.field("closedReason", closure?.reason)
    writer.field("closedAt", (closure?.at).map(london.local))
  }
}
