import Events
import JSON
import ServiceKit
import Testing
import Time

@testable import NonAssociationsModule

@Suite("JSON shapes (docs/contract/non-associations.md §5, §10)")
struct JSONShapeTests {
  private let london = Result { try LondonTime() }

  private func json(_ row: NonAssociation) throws -> String {
    var writer = JSONWriter()
    NonAssociation.Shape.write(row, to: &writer, try london.get())
    return writer.text
  }

  @Test("An open non-association has all twenty keys in their order, nulls among them")
  func openRow() throws {
    #expect(
      try json(Fixture.open(42, "A1234BC", "D5678EF")) == """
        {"id":42,"firstPrisonerNumber":"A1234BC","firstPrisonerRole":"VICTIM","firstPrisonerRoleDescription":"Victim",\
        "secondPrisonerNumber":"D5678EF","secondPrisonerRole":"PERPETRATOR","secondPrisonerRoleDescription":\
        "Perpetrator","reason":"BULLYING","reasonDescription":"Bullying","restrictionType":"CELL",\
        "restrictionTypeDescription":"Cell only","comment":"kept apart","whenCreated":"2023-12-05T12:34:56.123456",\
        "whenUpdated":"2023-12-05T12:34:56.123456","updatedBy":"A_DPS_USER","isClosed":false,"closedBy":null,\
        "closedReason":null,"closedAt":null,"isOpen":true}
        """
    )
  }

  @Test("A closed one tells who, why and when, in London's time")
  func closedRow() throws {
    var row = Fixture.closed(7, "A1234BC", "D5678EF")
    row.closure?.at = Timestamp(seconds: 1_689_424_496)
    #expect(
      try json(row).hasSuffix(
        """
        "updatedBy":"CLOSE_USER","isClosed":true,"closedBy":"CLOSE_USER","closedReason":"settled",\
        "closedAt":"2023-07-15T13:34:56","isOpen":false}
        """
      )
    )
  }

  @Test("A prisoner's list names the other prisoner, whichever side they are stored on")
  func list() throws {
    var row = Fixture.open(42, "A1234BC", "D5678EF")
    row.authorisedBy = nil
    var other = Fixture.ann
    other.cellLocation = nil
    let list = try #require(
      PrisonerNonAssociations(
        of: Fixture.ben,
        rows: [row],
        prisoners: Fixture.byNumber([other, Fixture.ben]),
        options: ListOptions()
      )
    )
    var writer = JSONWriter()
    PrisonerNonAssociations.Shape.write(list, to: &writer, try london.get())
    #expect(
      writer.text == """
        {"prisonerNumber":"D5678EF","firstName":"BEN","lastName":"BRAND","prisonId":"MDI","prisonName":"Moorland",\
        "cellLocation":"A-2","openCount":1,"closedCount":0,"nonAssociations":[{"id":42,"role":"PERPETRATOR",\
        "roleDescription":"Perpetrator","reason":"BULLYING","reasonDescription":"Bullying","restrictionType":"CELL",\
        "restrictionTypeDescription":"Cell only","comment":"kept apart","authorisedBy":"",\
        "whenCreated":"2023-12-05T12:34:56.123456","whenUpdated":"2023-12-05T12:34:56.123456",\
        "updatedBy":"A_DPS_USER","isClosed":false,"closedBy":null,"closedReason":null,"closedAt":null,\
        "otherPrisonerDetails":{"prisonerNumber":"A1234BC","role":"VICTIM","roleDescription":"Victim",\
        "firstName":"ANN","lastName":"ADAMS","prisonId":"MDI","prisonName":"Moorland","cellLocation":null},\
        "isOpen":true}]}
        """
    )
  }

  @Test("Constants are every code with its description, in the contract's order")
  func constants() {
    #expect(
      String(decoding: Constants.json, as: UTF8.self) == """
        {"roles":[{"code":"VICTIM","description":"Victim"},{"code":"PERPETRATOR","description":"Perpetrator"},\
        {"code":"NOT_RELEVANT","description":"Not relevant"},{"code":"UNKNOWN","description":"Unknown"}],\
        "reasons":[{"code":"BULLYING","description":"Bullying"},{"code":"GANG_RELATED","description":"Gang related"},\
        {"code":"ORGANISED_CRIME","description":"Organised crime"},\
        {"code":"LEGAL_REQUEST","description":"Police or legal request"},{"code":"THREAT","description":"Threat"},\
        {"code":"VIOLENCE","description":"Violence"},{"code":"OTHER","description":"Other"}],\
        "restrictionTypes":[{"code":"CELL","description":"Cell only"},\
        {"code":"LANDING","description":"Cell and landing"},{"code":"WING","description":"Cell, landing and wing"}]}
        """
    )
  }
}
