import JSON
import ServiceKit
import Testing
import Time

@testable import RestrictedPatientsModule

@Suite("What a request's body may hold")
struct RequestBodyTests {
  private static func discharge(_ changes: [String: String?] = [:]) throws -> DischargeRequest {
    var members: [String: String?] = [
      "offenderNo": "\"A12345\"", "fromLocationId": "\"MDI\"", "hospitalLocationCode": "\"HAZLWD\"",
      "supportingPrisonId": "\"LEI\"", "dischargeTime": "\"2020-10-10T00:00\"", "commentText": "\"said\"",
    ]
    for (name, value) in changes { members.updateValue(value, forKey: name) }
    let texts = members.compactMap { name, value in value.map { "\"\(name)\":\($0)" } }
    return try DischargeRequest(json: JSONValue(parsing: Array("{\(texts.joined(separator: ","))}".utf8)))
  }

  @Test("A discharge is read as it was sent, and makes a record whose author is the caller")
  func read() throws {
    let request = try Self.discharge()
    let now = try Patients.time("2020-10-11T00:00")
    #expect(
      request.patient(by: "U", at: now)
        == RestrictedPatient(
          prisonerNumber: "A12345",
          fromLocationID: "MDI",
          hospitalLocationCode: "HAZLWD",
          supportingPrisonID: "LEI",
          dischargeTime: try Patients.time("2020-10-10T00:00"),
          commentText: "said",
          createdAt: now,
          createdBy: "U",
          modifiedAt: now,
          modifiedBy: "U"
        )
    )
  }

  @Test("2, 3: without a supporting prison it is the prison released from; without a time it is now")
  func defaults() throws {
    let now = try Patients.time("2020-10-11T00:00")
    for absent in ["null", nil] as [String?] {
      let request = try Self.discharge([
        "supportingPrisonId": absent, "dischargeTime": absent, "commentText": absent,
      ])
      let patient = request.patient(by: "U", at: now)
      #expect(patient.supportingPrisonID == "MDI")
      #expect(patient.dischargeTime == now)
      #expect(patient.commentText == nil)
    }
  }

  @Test(
    "116: the first rule that is broken is told, in the order in which the rules were always looked at",
    arguments: [
      (
        ["offenderNo": "\"A1234567\"", "fromLocationId": "\"\""], "offenderNo must have at most 7 characters"
      ),
      (["fromLocationId": "\" \""], "fromLocationId must not be blank"),
      (["hospitalLocationCode": "\"H\\u0001\""], "hospitalLocationCode must not have control characters"),
      (["supportingPrisonId": "\"MDIMDI\""], "supportingPrisonId must have at most 5 characters"),
      (["dischargeTime": "\"0000-01-01T00:00\""], "dischargeTime must be after the year 0"),
      (
        [
          "dischargeTime": "\"0000-01-01T00:00\"",
          "commentText": "\"\(String(repeating: "x", count: 241))\"",
        ], "commentText must have at most 240 characters"
      ),
    ]
  )
  func violations(changes: [String: String], text: String) throws {
    do {
      _ = try Self.discharge(changes.mapValues { $0 })
      Issue.record("it was taken")
    } catch PlatformFailure.invalidBody(let violations) {
      #expect(violations.first.map { "\($0.field) \($0.message)" } == text)
      #expect(ErrorBody(.invalidBody(violations)).userMessage == "Validation failure: \(text)")
    }
  }

  @Test("15, 16: what is missing or of another type is told before any rule")
  func unreadable() {
    for value in ["null", nil, "[]"] as [String?] {
      #expect(throws: JSONObjectError.self) {
        try Self.discharge(["offenderNo": "\"A1234567\"", "fromLocationId": value])
      }
    }
  }

  @Test("A migration's body, a change of prison's, and a decision's")
  func others() throws {
    func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }
    let migrate = try MigrateRequest(json: json(#"{"offenderNo":"A1","hospitalLocationCode":"H"}"#))
    #expect(migrate.hospitalLocationCode == "H")
    #expect(throws: PlatformFailure.self) {
      try MigrateRequest(json: json(#"{"offenderNo":"","hospitalLocationCode":"H"}"#))
    }
    let change = try SupportingPrisonRequest(json: json(#"{"offenderNo":"","supportingPrisonId":"LEI"}"#))
    #expect(change.offenderNo.isEmpty)
    #expect(throws: PlatformFailure.self) {
      try SupportingPrisonRequest(json: json(#"{"offenderNo":"A1","supportingPrisonId":""}"#))
    }
    let decision = try ResolveMergeRequest(json: json(#"{"resolution":"DROP_BOTH"}"#))
    #expect(decision.resolution == .dropBoth)
    #expect(throws: JSONObjectError.self) {
      try ResolveMergeRequest(json: json(#"{"resolution":"drop_both"}"#))
    }
  }
}
