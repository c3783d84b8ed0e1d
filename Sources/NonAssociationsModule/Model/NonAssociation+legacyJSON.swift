internal import JSON
import ServiceKit
internal import Time

extension NonAssociation {
  /// The shape and codes that the NOMIS synchronisation reads (`non-associations.md` §5, §7.12).
  func writeLegacy(to writer: inout JSONWriter, _ london: LondonTime) {
    let type = LegacyRestrictionType(restrictionType)
    writer.beginObject()
    writer.field("id", id)
    writeLegacySide(first, to: &writer)
    writer.field("typeCode", type.rawValue)
    writer.field("typeDescription", type.description)
    writer.field("effectiveDate", london.local(whenCreated))
    writer.field("expiryDate", (closure?.at).map(london.local))
    writer.field("authorisedBy", authorisedBy)
    writer.field("comments", comment)
    writer.key("offenderNonAssociation")
    writer.beginObject()
    writeLegacySide(second, to: &writer)
    writer.endObject()
    writer.endObject()
  }

  private func writeLegacySide(_ party: Party, to writer: inout JSONWriter) {
    let code = LegacyReason(reason, party.role)
    writer.field("offenderNo", party.prisonerNumber)
    writer.field("reasonCode", code.rawValue)
    writer.field("reasonDescription", code.description)
  }
}
