import Foundation
import Testing

/// And docs/contract/platform.md §6; what both services share is in SubjectAccessRequestTests.
@Suite("docs/contract/non-associations.md §15: Subject access requests")
struct SubjectAccessTests {
  private static let path = "/non-associations-api/subject-access-request"

  private static func error(_ status: Int, _ text: JSON) -> JSON {
    [
      "status": .number(status), "userMessage": text, "developerMessage": text, "errorCode": nil,
      "moreInfo": nil,
    ]
  }

  private static func ask(_ gateway: RunningGateway, _ query: String) async throws -> Answer {
    try await gateway.get(path + query, token: gateway.token(roles: ["SAR_DATA_ACCESS"]))
  }

  @Test("121: what is held is the prisoner's list, with whom it was authorised by and how many are open")
  func held() async throws {
    try await withGateway { (gateway) async throws in
      try await gateway.database.insertOpen("A1234BC", "D5678EF")
      let answer = try await Self.ask(gateway, "?prn=A1234BC")
      #expect(answer.status == 200)
      #expect(try answer.json["attachments"] == .null)
      let content = try #require(try answer.json["content"])
      #expect(content["prisonerNumber"] == "A1234BC")
      #expect(content["openCount"] == 1)
      #expect(content["closedCount"] == 0)
      #expect(content["nonAssociations"]?[0]?["authorisedBy"] == "Mr Bobby")
      #expect(content["nonAssociations"]?[0]?["isOpen"] == true)
    }
  }

  @Test("122, 123: nothing held, or nothing of the days asked about, is 204 without a body")
  func nothing() async throws {
    try await withGateway { (gateway) async throws in
      try await gateway.database.insertOpen("A1234BC", "D5678EF")
      for query in ["?prn=G9012HI", "?prn=A1234BC&toDate=2023-10-24"] {
        let answer = try await Self.ask(gateway, query)
        #expect(answer.status == 204 && answer.body.isEmpty, "\(query)")
      }
    }
  }

  @Test(
    "124, 125: dates take in both ends, of the day in London on which a record was last updated",
    arguments: [
      ("", 200), ("fromDate=&toDate=", 200), ("fromDate=2023-12-05", 200), ("toDate=2023-12-05", 200),
      ("fromDate=2023-12-05&toDate=2023-12-05", 200), ("fromDate=2023-12-04&toDate=2023-12-06", 200),
      ("fromDate=2023-12-06", 204), ("toDate=2023-12-04", 204),
      ("fromDate=2023-12-04&toDate=2023-12-04", 204), ("fromDate=2023-12-06&toDate=2023-12-06", 204),
    ]
  )
  func dates(query: String, status: Int) async throws {
    try await withGateway { (gateway) async throws in
      try await gateway.database.insertOpen("A1234BC", "D5678EF")
      let answer = try await Self.ask(gateway, "?prn=A1234BC&\(query)")
      #expect(answer.status == status)
      if status == 204 { #expect(answer.body.isEmpty) }
      if status == 200 { #expect(try answer.json["content"]?["openCount"]?.number == 1) }
    }
  }

  @Test("126: a prisoner, or another party, whom prisoner search does not know is 209 with a body")
  func notRecognised() async throws {
    try await withGateway { (gateway) async throws in
      try await gateway.database.insertOpen("A1234BC", "X9999XX")
      for number in ["A1234BC", "Z0000ZZ", "not-a-number"] {
        let answer = try await Self.ask(gateway, "?prn=\(number)")
        #expect(answer.status == 209)
        let text: JSON = "Subject Identifier is not recognised by this service"
        #expect(try answer.json == Self.error(209, text))
      }
    }
  }

  @Test("127: it needs the role for it, or the one that is configured besides, and a number")
  func asked() async throws {
    let settings = ["HMPPS_SAR_ADDITIONALACCESSROLE": "ROLE_AUDITOR"]
    try await withGateway(settings: settings) { (gateway) async throws in
      let target = Self.path + "?crn=X1"
      #expect(try await gateway.get(target).status == 401)
      #expect(try await gateway.get(target, token: try gateway.reader()).status == 403)
      #expect(try await gateway.get(target, token: try gateway.token(roles: ["AUDITOR"])).status == 209)
      let reference = try await Self.ask(gateway, "?crn=X1")
      #expect(reference.status == 209 && reference.body.isEmpty)
      let none = try await Self.ask(gateway, "")
      #expect(none.status == 400)
      #expect(try none.json == Self.error(400, "One of prn or crn must be supplied."))
      #expect(try await Self.ask(gateway, "?prn=A1234BC&fromDate=x").status == 400)
    }
  }

  @Test("128: it has no template")
  func template() async throws {
    try await withGateway { (gateway) async throws in
      #expect(try await Self.ask(gateway, "/template").status == 404)
    }
  }
}
