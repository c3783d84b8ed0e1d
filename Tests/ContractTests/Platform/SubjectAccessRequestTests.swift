import ServerTestKit
import Testing

/// docs/contract/platform.md §6, §11 rows 42 to 45, for each service under each mounting.
@Suite("Platform: subject access requests")
struct SubjectAccessRequestTests {
  private static func error(_ status: Int, _ text: JSON) -> JSON {
    [
      "status": .number(status), "userMessage": text, "developerMessage": text, "errorCode": nil,
      "moreInfo": nil,
    ]
  }
  private static let unknown = error(209, "Subject Identifier is not recognised by this service")

  /// A record of that service alone, whose prisoner prisoner search knows with whoever else is asked about.
  private func prepare(_ gateway: RunningGateway, _ surface: Surface, _ number: String? = nil) async throws {
    let number = number ?? Self.number(surface)
    gateway.search.answerAnyone(in: "MDI")
    switch surface.service {
    case .nonAssociations:
      let isThere = "non_association where first_prisoner_number = '\(number)'"
      guard try await gateway.database.count(isThere) == 0 else { return }
      try await gateway.database.insertOpen(number, "D5678EF")
    case .restrictedPatients:
      let isThere = "restricted_patients where prisoner_number = '\(number)'"
      guard try await gateway.database.count(isThere) == 0 else { return }
      try await gateway.database.insertPatient(number)
      gateway.prisonAPI.stub(
        ScriptedUpstream.agency("HAZLWD"),
        200,
        ScriptedUpstream.agencyJSON("HAZLWD", "Hazelwood House", "HSHOSP")
      )
    }
  }

  private static func number(_ surface: Surface) -> String {
    surface.service == .nonAssociations ? "A1111AA" : "A2222AA"
  }

  /// The content of a 200, of the service alone.
  private func content(_ answer: Answer, _ surface: Surface) throws -> JSON {
    #expect(answer.status == 200)
    #expect(answer.header("Content-Type") == "application/json")
    let json = try answer.json
    #expect(json.keys == ["content", "attachments"])
    #expect(json["attachments"] == .null)
    let content = try #require(json["content"])
    guard surface.mounting == .union else { return content }
    #expect(content.keys == [surface.service.rawValue], "of the other service there is nothing")
    return try #require(content[surface.service.rawValue])
  }

  @Test(
    "42: no prn and no crn is 400, a crn alone is 209 without a body, with both the prn counts",
    .sharedGateway,
    arguments: Surface.all
  )
  func parameters(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, client) async throws in
      try await prepare(gateway, surface)
      let number = Self.number(surface)
      let token = try gateway.token(roles: ["SAR_DATA_ACCESS"])
      for query in ["", "?prn=%20", "?prn=&crn=%20"] {
        let answer = try await client.get("/subject-access-request" + query, token: token)
        #expect(answer.status == 400)
        #expect(try answer.json == Self.error(400, "One of prn or crn must be supplied."))
      }
      let crn = try await client.get("/subject-access-request?crn=X1&prn=%20", token: token)
      #expect(crn.status == 209 && crn.body.isEmpty)
      let both = try await client.get("/subject-access-request?crn=X1&prn=\(number)", token: token)
      _ = try content(both, surface)
      let date = try await client.get(
        "/subject-access-request?prn=\(number)&fromDate=05/12/2023",
        token: token
      )
      #expect(date.status == 400)
      #expect(try await client.get("/subject-access-request?prn=\(number)").status == 401)
    }
  }

  @Test(
    "200 has the record in the service's own form; the service's alone, and by its name in the union",
    .sharedGateway,
    arguments: Surface.all
  )
  func record(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, client) async throws in
      try await prepare(gateway, surface)
      let number = Self.number(surface)
      let token = try gateway.token(roles: ["SAR_DATA_ACCESS"])
      let content = try content(
        try await client.get("/subject-access-request?prn=\(number)", token: token),
        surface
      )
      switch surface.service {
      case .nonAssociations:
        let list = try await client.get(
          "/prisoner/\(number)/non-associations?includeClosed=true&includeOtherPrisons=true",
          token: gateway.reader()
        )
        #expect(content == (try list.json))
      case .restrictedPatients:
        #expect(
          content == [
            "prisonerNumber": .text(number), "supportingPrisonId": "MDI", "hospitalLocationCode": "HAZLWD",
            "hospitalLocationDescription": "Hazelwood House", "dischargeTime": "2020-10-09T00:00:00",
            "createdDate": "2020-10-10T00:00:00", "createdUsername": "user",
            "modifiedDate": "2020-10-10T00:00:00", "modifiedUsername": "user",
          ]
        )
      }
    }
  }

  @Test("43: dates take in both ends, or are parsed and ignored", .sharedGateway, arguments: Surface.all)
  func dates(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, client) async throws in
      try await prepare(gateway, surface)
      let number = Self.number(surface)
      let token = try gateway.token(roles: ["SAR_DATA_ACCESS"])
      for (query, isInside) in [
        ("fromDate=2023-12-05", true), ("fromDate=2023-12-06", false), ("toDate=2023-12-05", true),
        ("toDate=2023-12-04", false), ("fromDate=2023-12-05&toDate=2023-12-05", true),
        ("fromDate=2023-12-04&toDate=2023-12-06", true),
      ] {
        let answer = try await client.get("/subject-access-request?prn=\(number)&\(query)", token: token)
        let isTold = isInside || surface.service == .restrictedPatients
        #expect(answer.status == (isTold ? 200 : 204), "\(query)")
        if !isTold { #expect(answer.body.isEmpty) }
      }
    }
  }

  @Test(
    "42, 44: whom a service holds nothing about is 204; whom prisoner search does not know is 209 of non-associations",
    .sharedGateway,
    arguments: Surface.all
  )
  func nothing(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, client) async throws in
      let token = try gateway.token(roles: ["SAR_DATA_ACCESS"])
      // In the union restricted patients would say 204, which is something else.
      let isPatients = surface.service == .restrictedPatients || surface.mounting == .union
      let known = try await client.get("/subject-access-request?prn=A1234BC", token: token)
      #expect(known.status == 204 && known.body.isEmpty)
      let unknown = try await client.get("/subject-access-request?prn=Z9999ZZ", token: token)
      #expect(unknown.status == (isPatients ? 204 : 209))
      if isPatients { #expect(unknown.body.isEmpty) } else { #expect(try unknown.json == Self.unknown) }
    }
  }

  @Test(
    "restricted patients: an unknown hospital goes by its code, an author that nobody was is left out",
    arguments: Surface.restrictedPatients
  )
  func hospital(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, client) async throws in
      gateway.search.answerAnyone(in: "MDI")
      try await gateway.database.insertPatient("A12345", user: nil)
      let token = try gateway.token(roles: ["SAR_DATA_ACCESS"])
      let path = "/subject-access-request?prn=A12345"
      let content = try content(try await client.get(path, token: token), surface)
      #expect(content["hospitalLocationDescription"] == "HAZLWD")
      #expect(content["createdUsername"] == nil)
      gateway.prisonAPI.stub(ScriptedUpstream.agency("HAZLWD"), 503)
      try await gateway.database.run("update restricted_patients set hospital_location_code = 'OTHER'")
      gateway.prisonAPI.stub(ScriptedUpstream.agency("OTHER"), 503)
      let failed = try await client.get(path, token: token)
      #expect(failed.status == 500)
      #expect(try failed.json["errorCode"] == "UPSTREAM_ERROR")
    }
  }

  @Test("in the union both services' records come together")
  func together() async throws {
    try await withGateway { (gateway) async throws in
      for surface in Surface.all where surface.mounting == .union {
        try await prepare(gateway, surface, "A12345")
      }
      let token = try gateway.token(roles: ["SAR_DATA_ACCESS"])
      let content = try await gateway.get("/subject-access-request?prn=A12345", token: token).json["content"]
      #expect(content?.keys == ["nonAssociations", "restrictedPatients"])
      // Of a day on which only one of them has something to tell.
      let later = "/subject-access-request?prn=A12345&fromDate=2024-01-01"
      #expect(try await gateway.get(later, token: token).json["content"]?.keys == ["restrictedPatients"])
    }
  }

  /// What each service alone would answer.
  private enum Part: CaseIterable {
    case content, nothing, unknown, failure
  }

  @Test("in the union 209 is said only where both would say it, and a failure of one is the whole's")
  func matrix() async throws {
    try await withGateway { (gateway) async throws in
      let token = try gateway.token(roles: ["SAR_DATA_ACCESS"])
      gateway.search.answerAnyone(in: "MDI")
      let path = "/subject-access-request?prn=A12345"
      for ofSearch in Part.allCases {
        for ofPatients in [Part.content, .nothing, .failure] {
          try await gateway.database.run("delete from non_association; delete from restricted_patients")
          gateway.search.answer(inTurn: [])
          gateway.search.answer(status: nil)
          switch ofSearch {
          case .content: try await gateway.database.insertOpen("A12345", "D5678EF")
          case .nothing: break
          case .unknown: gateway.search.answer(inTurn: [(200, "[]")])
          case .failure: gateway.search.answer(status: 503)
          }
          if ofPatients != .nothing { try await gateway.database.insertPatient("A12345") }
          gateway.prisonAPI.stub(ScriptedUpstream.agency("HAZLWD"), ofPatients == .failure ? 503 : 404)
          let answer = try await gateway.get(path, token: token)
          let expected =
            ofSearch == .failure || ofPatients == .failure
            ? 500 : ofSearch == .content || ofPatients == .content ? 200 : 204
          #expect(answer.status == expected, "\(ofSearch), \(ofPatients)")
          if expected == 200 {
            let keys =
              (ofSearch == .content ? ["nonAssociations"] : [])
              + (ofPatients == .content ? ["restrictedPatients"] : [])
            #expect(try answer.json["content"]?.keys == Set(keys))
          } else if expected == 204 {
            #expect(answer.body.isEmpty)
          }
        }
      }
      let crn = try await gateway.get("/subject-access-request?crn=X1", token: token)
      #expect(crn.status == 209 && crn.body.isEmpty)
    }
  }

  @Test("45: the template is restricted patients' alone", .sharedGateway, arguments: Surface.all)
  func template(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, client) async throws in
      let path = "/subject-access-request/template"
      let answer = try await client.get(path, token: gateway.token(roles: ["SAR_DATA_ACCESS"]))
      guard surface.service == .restrictedPatients || surface.mounting == .union else {
        #expect(answer.status == 404)
        return
      }
      #expect(answer.status == 200)
      #expect(answer.header("Content-Type") == "text/plain")
      for field in ["prisonerNumber", "dischargeTime", "hospitalLocationDescription", "{{#.}}", "{{^.}}"] {
        #expect(answer.text.contains(field), "\(field)")
      }
      #expect(try await client.get(path).status == 401)
      #expect(try await client.get(path, token: gateway.reader()).status == 403)
    }
  }
}
