import Testing

@Suite("docs/contract/non-associations.md §15: Legacy")
struct LegacyTests {
  @Test("34, 38: no token is 401, a wrong role or that of reading 403, an unknown id 404")
  func refusals() async throws {
    try await withGateway { (gateway) async throws in
      let path = "/legacy/api/non-associations/101"
      #expect(try await gateway.get(path).status == 401)
      #expect(try await gateway.get(path, token: gateway.token(roles: ["WRONG_ROLE"])).status == 403)
      #expect(try await gateway.get(path, token: gateway.reader()).status == 403)
      let unknown = try await gateway.get(path, token: gateway.synchroniser())
      #expect(
        unknown.isError(
          404,
          code: 404,
          "Non-association not found: There is no non-association found for ID = 101"
        )
      )
    }
  }

  @Test("35: an open one in NOMIS's codes, every key in its order")
  func open() async throws {
    try await withGateway { (gateway) async throws in
      let id = try await gateway.database.insertOpen("A1234BC", "D5678EF")
      let answer = try await gateway.get("/legacy/api/non-associations/\(id)", token: gateway.synchroniser())
      #expect(answer.status == 200)
      #expect(
        answer.text == #"""
          {"id":\#(id),"offenderNo":"A1234BC","reasonCode":"BUL","reasonDescription":"Anti Bullying Strategy",\#
          "typeCode":"CELL","typeDescription":"Do Not Locate in Same Cell",\#
          "effectiveDate":"2023-12-05T12:34:56.123456","expiryDate":null,"authorisedBy":"Mr Bobby",\#
          "comments":"kept apart","offenderNonAssociation":{"offenderNo":"D5678EF","reasonCode":"BUL",\#
          "reasonDescription":"Anti Bullying Strategy"}}
          """#
      )
    }
  }

  @Test("36: a closed one expires when it was closed")
  func closed() async throws {
    try await withGateway { (gateway) async throws in
      let id = try await gateway.database.insertClosed("A1234BC", "D5678EF")
      let answer = try await gateway.get("/legacy/api/non-associations/\(id)", token: gateway.synchroniser())
      #expect(try answer.json["expiryDate"] == "2023-12-05T12:34:56.123456")
    }
  }

  @Test("37: other reasons are told by the roles; authorisedBy may be null")
  func roles() async throws {
    try await withGateway { (gateway) async throws in
      let id = try await gateway.database.insertOpen("A1234BC", "D5678EF")
      try await gateway.database.run(
        """
        update non_association set reason = 'VIOLENCE', second_prisoner_role = 'UNKNOWN', restriction_type = 'LANDING',
          authorised_by = null
        """
      )
      let json = try await gateway.get("/legacy/api/non-associations/\(id)", token: gateway.synchroniser())
        .json
      #expect(json["reasonCode"] == "VIC")
      #expect(json["offenderNonAssociation"]?["reasonCode"] == "UNKNOWN")
      #expect(json["typeCode"] == "LAND")
      #expect(json["typeDescription"] == "Do Not Locate on Same Landing")
      #expect(json["authorisedBy"] == .null)
    }
  }
}
