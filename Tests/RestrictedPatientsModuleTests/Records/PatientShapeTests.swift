import JSON
import ServiceKit
import Testing
import Time

@testable import RestrictedPatientsModule

@Suite("The JSON of records")
struct PatientShapeTests {
  private static func json<Shape: ObjectShape>(_ value: Shape.Value, _ shape: Shape.Type) throws -> String {
    var writer = JSONWriter()
    shape.write(value, to: &writer, try LondonTime())
    return writer.text
  }

  private static let row =
    #""prisonerNumber":"A12345","fromLocationId":"MDI","hospitalLocationCode":"HAZLWD","#
    + #""supportingPrisonId":"LEI","dischargeTime":"2020-10-09T10:11:12.123456","commentText":"a comment","#
    + #""createDateTime":"2020-10-09T11:00:00","createUserId":"CREATOR","modifyDateTime":"2020-10-09T12:00:00","#
    + #""modifyUserId":"EDITOR""#

  @Test("A row has ten properties, and says what is not there")
  func record() throws {
    #expect(try Self.json(try Patients.patient(), RestrictedPatient.Shape.self) == "{\(Self.row)}")
    var patient = try Patients.patient()
    (patient.commentText, patient.createdBy, patient.modifiedAt, patient.modifiedBy) = (nil, nil, nil, nil)
    let text = try Self.json(patient, RestrictedPatient.Shape.self)
    for name in ["commentText", "createUserId", "modifyDateTime", "modifyUserId"] {
      #expect(text.contains(#""\#(name)":null"#))
    }
  }

  @Test("A removed row also says when, by whom and why, whatever the reason is called")
  func archived() throws {
    let archived = ArchivedPatient(
      patient: try Patients.patient(),
      removedAt: try Patients.time("2020-10-11T00:00"),
      removedBy: nil,
      cause: .unknown("FLOOD")
    )
    #expect(
      try Self.json(archived, ArchivedPatient.Shape.self)
        == "{\(Self.row),"
        + #""removedDateTime":"2020-10-11T00:00:00","removedUserId":null,"removedBecause":"FLOOD"}"#
    )
  }

  @Test("44: a patient leaves out what is not there, agencies too")
  func details() throws {
    var patient = try Patients.patient()
    (patient.commentText, patient.createdBy) = (nil, nil)
    let none = AgencyLists(prisons: [], hospitals: [], secureHospitals: [])
    #expect(
      try Self.json(PatientDetails(patient, none), PatientDetails.Shape.self)
        == #"{"prisonerNumber":"A12345","dischargeTime":"2020-10-09T10:11:12.123456","#
        + #""createDateTime":"2020-10-09T11:00:00"}"#
    )
    let unresolved = try Self.json(
      PatientDetails(unresolved: try Patients.patient()),
      PatientDetails.Shape.self
    )
    #expect(
      unresolved.hasPrefix(
        #"{"prisonerNumber":"A12345","fromLocation":{"agencyId":"MDI"},"hospitalLocation":{"agencyId":"HAZLWD"},"#
          + #""supportingPrison":{"agencyId":"LEI"},"#
      )
    )
    #expect(unresolved.hasSuffix(#""createUserId":"CREATOR"}"#))
  }

  @Test("A page counts its items and those of all pages")
  func page() throws {
    let query = PageRequest(page: 1, size: 2)
    let page = Page(patients: [], total: 3, query: query)
    #expect(
      try Self.json(page, Page.Shape.self)
        == #"{"content":[],"first":false,"last":true,"number":1,"numberOfElements":0,"size":2,"totalElements":3,"totalPages":2}"#
    )
  }

  @Test("A stuck merge shows the records and the choices")
  func stuckMerge() throws {
    let merge = StuckMerge(
      removedNumber: "A12345",
      keptNumber: "A23456",
      records: MergedRecords(removed: try Patients.patient(), kept: nil),
      firstSeen: try Patients.time("2020-10-10T00:00"),
      lastSeen: try Patients.time("2020-10-10T00:01"),
      deliveries: 2
    )
    #expect(
      try Self.json(merge, StuckMerge.Shape.self)
        == #"{"removedPrisonerNumber":"A12345","keptPrisonerNumber":"A23456","removedRecord":{"# + Self.row
        + #"},"keptRecord":null,"since":"2020-10-10T00:00:00","lastSeen":"2020-10-10T00:01:00","deliveries":2,"#
        + #""choices":["DROP_REMOVED","MOVE"]}"#
    )
  }
}
