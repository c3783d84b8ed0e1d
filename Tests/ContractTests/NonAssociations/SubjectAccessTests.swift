import Foundation
import Testing

/// platform.md section 6 and non-associations.md section 7.13; what both services share is in SubjectAccessRequestTests.
@Suite("Non-associations: subject access requests")
struct SubjectAccessTests {
  private static let path = "/non-associations-api/subject-access-request"

  private static func error(_ status: Int, _ text: JSON) -> JSON {
    [
      "status": .number(status), "userMessage": text, "developerMessage": text, "errorCode": nil,
      "moreInfo": nil,
    ]
  }

  @Test("it needs the role for it, or the one that is configured besides")
  func roles() async throws {
    let settings = ["HMPPS_SAR_ADDITIONALACCESSROLE": "ROLE_AUDITOR"]
    try await withGateway(settings: settings) { (gateway) async throws in
      let target = Self.path + "?crn=X1"
      #expect(try await gateway.get(target).status == 401)
      #expect(try await gateway.get(target, token: try gateway.reader()).status == 403)
      #expect(try await gateway.get(target, token: try gateway.token(roles: ["AUDITOR"])).status == 209)
    }
  }

  @Test(
    "43: dates take in both ends, of the day in London on which a record was last updated",
    arguments: [
      ("fromDate=2023-12-05", 200), ("fromDate=2023-12-06", 204), ("toDate=2023-12-05", 200),
      ("toDate=2023-12-04", 204), ("fromDate=2023-12-05&toDate=2023-12-05", 200),
      ("fromDate=2023-12-04&toDate=2023-12-06", 200), ("fromDate=&toDate=", 200),
    ]
  )
  func dates(query: String, status: Int) async throws {
    try await withGateway { (gateway) async throws in
      try await gateway.database.insertOpen("A1234BC", "D5678EF")
      let token = try gateway.token(roles: ["SAR_DATA_ACCESS"])
      let answer = try await gateway.get(Self.path + "?prn=A1234BC&" + query, token: token)
      #expect(answer.status == status)
      if status == 204 { #expect(answer.body.isEmpty) }
      if status == 200 { #expect(try answer.json["content"]?["openCount"]?.number == 1) }
    }
  }

  @Test("44: a prisoner, or another party, whom prisoner search does not know is 209 with a body")
  func notRecognised() async throws {
    try await withGateway { (gateway) async throws in
      try await gateway.database.insertOpen("A1234BC", "X9999XX")
      let token = try gateway.token(roles: ["SAR_DATA_ACCESS"])
      for number in ["A1234BC", "Z0000ZZ", "not-a-number"] {
        let answer = try await gateway.get(Self.path + "?prn=\(number)", token: token)
        #expect(answer.status == 209)
        let text: JSON = "Subject Identifier is not recognised by this service"
        #expect(try answer.json == Self.error(209, text))
      }
    }
  }
}
