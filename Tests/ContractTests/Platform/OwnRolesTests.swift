import Testing

/// What the services replaced do not have needs a role of its own.
@Suite("docs/contract/adoption.md §8: roles of what is new")
struct OwnRolesTests {
  /// What is new: its role, and the status with it where nothing is recorded yet.
  private static let new = [
    ("/restricted-patients", "READ_RESTRICTED_PATIENTS", 200),
    ("/restricted-patient/prison-number/A1234BC/history", "READ_RESTRICTED_PATIENTS", 200),
    ("/restricted-patients/merges", "RESTRICTED_PATIENTS_ADMIN", 200),
    ("/restricted-patients/unknown-outcomes", "RESTRICTED_PATIENTS_ADMIN", 200),
    ("/non-associations/1/history", "READ_NON_ASSOCIATIONS_HISTORY", 200),
  ]
  /// Every role that an endpoint of the services replaced asks for.
  private static let formerRoles = [
    "READ_NON_ASSOCIATIONS", "WRITE_NON_ASSOCIATIONS", "REOPEN_NON_ASSOCIATIONS", "DELETE_NON_ASSOCIATIONS",
    "NON_ASSOCIATIONS_SYNC", "SAR_DATA_ACCESS", "NON_ASSOCIATIONS_API_QUEUE_ADMIN", "SYSCON__QUEUE_ADMIN",
  ]

  @Test("AD-55: lists, histories and merges are for their own roles; what was there before is as before")
  func roles() async throws {
    try await withGateway { (gateway) async throws in
      gateway.prisonAPI.stubLists()
      try await gateway.database.insertOpen("A1234BC", "D5678EF")
      try await gateway.database.insertPatient("A1234BC")
      for (path, role, status) in Self.new {
        for roles in [[], Self.formerRoles] {
          let refused = try await gateway.get(path, token: gateway.token(roles: roles))
          #expect(refused.status == 403, "\(path) with \(roles)")
        }
        let answer = try await gateway.get(path, token: gateway.token(roles: [role]))
        #expect(answer.status == status, "\(path) with \(role): \(answer.text)")
      }
      let nobody = try gateway.token(roles: [])
      for path in [
        "/restricted-patients/merges/A1234BC/D5678EF/resolve",
        "/restricted-patients/unknown-outcomes/A1234BC/settle",
      ] {
        #expect(try await gateway.post(path, "{}", token: nobody).status == 403, "\(path)")
      }
      #expect(try await gateway.get("/constants", token: nobody).status == 200)
      let patient = "/restricted-patient/prison-number/A1234BC"
      #expect(try await gateway.get(patient, token: nobody).status == 200)
      let reader = try gateway.token(roles: ["READ_NON_ASSOCIATIONS"])
      #expect(try await gateway.get("/non-associations/1", token: reader).status == 200)
      #expect(try await gateway.get("/non-associations", token: reader).status == 200)
    }
  }
}
