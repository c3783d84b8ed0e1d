import Events
import ModuleKit
import ServiceKit
import Testing
import Time

@testable import NonAssociationsModule

@Suite("What is published of a change (docs/contract/non-associations.md §10, the samples)")
struct PublishedMessageTests {
  private static func time(_ text: String) throws -> Timestamp { try #require(Timestamp(offsetText: text)) }

  private static func row() throws -> NonAssociation {
    let created = try time("2026-01-15T10:20:30.123456Z")
    return NonAssociation(
      id: 42,
      first: .init(prisonerNumber: "A1234BC", role: .known(.victim)),
      second: .init(prisonerNumber: "D5678EF", role: .known(.perpetrator)),
      reason: .known(.bullying),
      restrictionType: .known(.cell),
      comment: "Threats made on the wing",
      whenCreated: created,
      whenUpdated: created,
      authorisedBy: "STAFF_USER1",
      updatedBy: "STAFF_USER1"
    )
  }

  private static func details(
    comment: String = "Threats made on the wing",
    updated: String,
    by: String,
    closure: String =
      #"\"isClosed\":false,\"closedBy\":null,\"closedReason\":null,\"closedAt\":null,\"isOpen\":true"#
  ) -> String {
    #"{\"id\":42,\"firstPrisonerNumber\":\"A1234BC\",\"firstPrisonerRole\":\"VICTIM\","#
      + #"\"firstPrisonerRoleDescription\":\"Victim\",\"secondPrisonerNumber\":\"D5678EF\","#
      + #"\"secondPrisonerRole\":\"PERPETRATOR\",\"secondPrisonerRoleDescription\":\"Perpetrator\","#
      + #"\"reason\":\"BULLYING\",\"reasonDescription\":\"Bullying\",\"restrictionType\":\"CELL\","#
      + #"\"restrictionTypeDescription\":\"Cell only\",\"comment\":\"\#(comment)\","#
      + #"\"whenCreated\":\"2026-01-15T10:20:30.123456\",\"whenUpdated\":\"\#(updated)\",\"updatedBy\":\"\#(by)\","#
      + closure + "}"
  }

  /// A change, the row as it became, and the samples' four texts.
  private struct Sample {
    var change: Change
    var row: NonAssociation
    var type, occurredAt, verb, what, when, details: String
  }

  private static func samples() throws -> [Sample] {
    var updated = try row()
    updated.given.comment += ", repeated"
    updated.whenUpdated = try time("2026-01-16T08:15:00.5Z")
    updated.updatedBy = "STAFF_USER2"
    var closed = try row()
    closed.whenUpdated = try time("2026-01-20T09:00:00Z")
    closed.updatedBy = "STAFF_USER2"
    closed.closure = .init(by: "STAFF_USER2", reason: "Both now located apart", at: closed.whenUpdated)
    var reopened = try row()
    reopened.whenUpdated = try time("2026-06-15T11:20:30+01:00")
    reopened.updatedBy = "SUPPORT_USER"
    let closure =
      #"\"isClosed\":true,\"closedBy\":\"STAFF_USER2\",\"closedReason\":\"Both now located apart\","#
      + #"\"closedAt\":\"2026-01-20T09:00:00\",\"isOpen\":false"#
    let deletion = Change(
      kind: .deleted,
      at: try time("2026-02-01T12:00:00.000001Z"),
      by: "support-client",
      reason: "Entered against the wrong person",
      requestedBy: "STAFF_USER3"
    )
    return [
      Sample(
        change: Change(kind: .created, at: try row().whenCreated, by: "STAFF_USER1"),
        row: try row(),
        type: "created",
        occurredAt: "2026-01-15T10:20:30.123456Z",
        verb: "created",
        what: "CREATED",
        when: "2026-01-15T10:20:30.123456Z",
        details: details(updated: "2026-01-15T10:20:30.123456", by: "STAFF_USER1")
      ),
      Sample(
        change: Change(kind: .updated, at: updated.whenUpdated, by: "STAFF_USER2"),
        row: updated,
        type: "amended",
        occurredAt: "2026-01-16T08:15:00.5Z",
        verb: "amended",
        what: "UPDATED",
        when: "2026-01-16T08:15:00.500Z",
        details: details(
          comment: "Threats made on the wing, repeated",
          updated: "2026-01-16T08:15:00.5",
          by: "STAFF_USER2"
        )
      ),
      Sample(
        change: Change(kind: .closed, at: closed.whenUpdated, by: "STAFF_USER2"),
        row: closed,
        type: "closed",
        occurredAt: "2026-01-20T09:00:00Z",
        verb: "closed",
        what: "CLOSED",
        when: "2026-01-20T09:00:00Z",
        details: details(updated: "2026-01-20T09:00:00", by: "STAFF_USER2", closure: closure)
      ),
      Sample(
        change: Change(kind: .reopened, at: reopened.whenUpdated, by: "SUPPORT_USER"),
        row: reopened,
        type: "amended",
        occurredAt: "2026-06-15T11:20:30+01:00",
        verb: "re-opened",
        what: "REOPENED",
        when: "2026-06-15T10:20:30Z",
        details: details(updated: "2026-06-15T11:20:30", by: "SUPPORT_USER")
      ),
      Sample(
        change: deletion,
        row: try row(),
        type: "deleted",
        occurredAt: "2026-02-01T12:00:00.000001Z",
        verb: "deleted",
        what: "DELETED",
        when: "2026-02-01T12:00:00.000001Z",
        details: #"{\"deletionReason\":\"Entered against the wrong person\","#
          + #"\"staffUserNameRequestingDeletion\":\"STAFF_USER3\"}"#
      ),
    ]
  }

  @Test("Events and audit messages are the samples, byte for byte")
  func bytes() throws {
    let messages = NonAssociationMessages(london: try LondonTime())
    for sample in try Self.samples() {
      let messages = messages.changed(sample.row, by: sample.change)
      let (event, audit) = (messages.event, try #require(messages.audit))
      #expect(event.eventType == "non-associations.\(sample.type)")
      #expect(event.subject == "A1234BC/D5678EF")
      #expect(
        String(decoding: event.message, as: UTF8.self)
          == #"{"eventType":"non-associations.\#(sample.type)","additionalInformation":{"id":42,"#
          + #""nsPrisonerNumber1":"A1234BC","nsPrisonerNumber2":"D5678EF","source":"DPS"},"version":"1.0","#
          + #""occurredAt":"\#(sample.occurredAt)","description":"A non-association has been \#(sample.verb):  42"}"#
      )
      #expect(audit.what == "NON_ASSOCIATION_\(sample.what)")
      #expect(
        String(decoding: audit.message, as: UTF8.self)
          == #"{"what":"NON_ASSOCIATION_\#(sample.what)","when":"\#(sample.when)","who":"\#(sample.change.by)","#
          + #""service":"hmpps-non-associations-api","details":"\#(sample.details)"}"#
      )
    }
  }
}
