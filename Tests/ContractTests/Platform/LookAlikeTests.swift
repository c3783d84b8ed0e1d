import ModuleKit
import Testing
import Text

@testable import Gateway
@testable import NonAssociationsModule
@testable import RestrictedPatientsModule

/// Codes, numbers, roles and names are compared by their bytes: what Unicode takes for the same is something else.
@Suite("Look-alikes of codes, numbers, roles and names")
struct LookAlikeTests {
  /// The text with a letter in place of each that is canonically equivalent, or becomes it with its case.
  private static func lookAlikes(_ text: String) -> [String] {
    [("K", "\u{212A}"), ("k", "\u{212A}"), ("S", "\u{17F}"), ("s", "\u{17F}")].compactMap { letter, other in
      text.contains(letter) ? text.replacing(letter, with: other) : nil
    }
  }

  private static func check<Code: RawRepresentable<String> & CaseIterable>(_ type: Code.Type) {
    for code in type.allCases {
      #expect(Code(code: code.rawValue)?.rawValue == code.rawValue)
      for text in lookAlikes(code.rawValue) { #expect(Code(code: text) == nil, "\(text)") }
    }
  }

  @Test("no code of either module is found by a look-alike")
  func codes() {
    Self.check(Role.self)
    Self.check(Reason.self)
    Self.check(RestrictionType.self)
    Self.check(LegacyReason.self)
    Self.check(LegacyRestrictionType.self)
    Self.check(ChangeKind.self)
    Self.check(SortKey.self)
    Self.check(SortDirection.self)
    for name in SortOrder.names {
      #expect(SortOrder(name, .ascending)?.name == name)
      for text in Self.lookAlikes(name) { #expect(SortOrder(text, .ascending) == nil, "\(text)") }
    }
    Self.check(UserPermissions.Policy.self)
    Self.check(MergeResolution.self)
    Self.check(AccessRules.Endpoint.self)
  }

  @Test("a body or parameter with a look-alike is 400")
  func requests() async throws {
    try await withGateway { (gateway) async throws in
      let writer = try gateway.writer(user: "U")
      for (code, other) in [("VICTIM", "UN\u{212A}NOWN"), ("VICTIM", "UN\u{212A}NO\u{301}WN")] {
        let answer = try await gateway.post(
          "/non-associations",
          CreateTests.body.replacing(code, with: other),
          token: writer
        )
        #expect(answer.status == 400)
      }
      let number = try await gateway.post(
        "/non-associations",
        CreateTests.body.replacing("A1234BC", with: "A1234\u{212A}C"),
        token: writer
      )
      #expect(number.status == 400)
      let reader = try gateway.reader()
      for query in ["sort=id,a%C5%BFc", "sort=rea%C5%BFon", "sort=id,de%C5%BFc"] {
        #expect(try await gateway.get("/non-associations?\(query)", token: reader).status == 400, "\(query)")
      }
      for query in ["sortBy=LA%C5%BFT_NAME", "sortDirection=A%C5%BFC", "includeOpen=fal%C5%BFe"] {
        let path = "/prisoner/A1234BC/non-associations?\(query)"
        #expect(try await gateway.get(path, token: reader).status == 400, "\(query)")
      }
      let path = "/prisoner/A1234%E2%84%AAC/non-associations"
      #expect(try await gateway.get(path, token: reader).status == 400)
    }
  }

  @Test("numbers and prisons that look alike are two")
  func numbers() async throws {
    try await withGateway { (gateway) async throws in
      let other = "A1234\u{212A}C"
      gateway.search.answerAnyone(in: "MKI")
      let id = try await gateway.database.insertOpen("A1234KC", other)
      let reader = try gateway.reader()
      let between = try await gateway.post(
        "/non-associations/between",
        #"["A1234KC","\#(other)"]"#,
        token: reader
      )
      #expect(between.status == 200)
      #expect(try between.json.items.map { $0["id"] } == [.number(id)])
      let list = try await gateway.get("/prisoner/A1234KC/non-associations", token: reader)
      #expect(list.status == 200)
      let details = try list.json["nonAssociations"]?[0]?["otherPrisonerDetails"]?["prisonerNumber"]?.text
      #expect(details.map { Array($0.utf8) } == Array(other.utf8))
      for (prison, count) in [("MKI", 1), ("M%E2%84%AAI", 0)] {
        let answer = try await gateway.post(
          "/non-associations/between?prisonId=\(prison)",
          #"["A1234KC","\#(other)"]"#,
          token: reader
        )
        #expect(try answer.json.items.count == count, "\(prison)")
      }
      let question =
        #"{"firstPrisonerNumber":"A1234BC","secondPrisonerNumber":"D5678EF","roles":["PRISON"],"caseloads":["MKI"]}"#
      let permissions = try await gateway.post("/non-associations/permissions", question, token: reader)
      #expect(permissions.status == 200)
      #expect(UserPermissions.Place(prisonID: "MKI", caseloads: ["M\u{212A}I"]) == .otherPrison)
      #expect(UserPermissions.Place(prisonID: "MKI", caseloads: ["MKI"]) == .caseload)
    }
  }

  @Test("a prison that looks like the patient's is another, which prison API does not know")
  func prisons() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubLists()
      try await gateway.database.insertPatient("A12345", prison: "MKI")
      let same = try await gateway.changePrison(to: "MKI")
      #expect(try same.json["errorCode"] == "PRISON_UNCHANGED")
      let other = try await gateway.changePrison(to: "M\u{212A}I")
      #expect(try other.json["errorCode"] == "PRISON_NOT_FOUND")
    }
  }

  @Test("a role that looks like the one that is asked for is none")
  func roles() async throws {
    let settings = ["NON_ASSOCIATIONS_QUEUE_ADMIN_ROLE": "ROLE_KEEPER"]
    try await withGateway(settings: settings) { (gateway) async throws in
      let path = "/non-associations-api/queue-admin/get-dlq-messages/none"
      #expect(try await gateway.get(path, token: gateway.token(roles: ["KEEPER"])).status == 404)
      for role in ["\u{212A}EEPER", "KEEPER\u{200D}", "keeper"] {
        #expect(try await gateway.get(path, token: gateway.token(roles: [role])).status == 403, "\(role)")
      }
    }
  }

  @Test("a variable whose name looks like a setting's is not read, and is warned about")
  func settings() throws {
    let reader = SettingsReader(
      environment: ["HMPPS_SQS_LOCALSTAC\u{212A}_URL": "http://elsewhere", "PATH": "x", "É": "y"],
      profile: .standard
    )
    #expect(
      reader.text(
        SettingsCatalog.all.first { $0.name == "HMPPS_SQS_LOCALSTACK_URL" } ?? SettingsCatalog.logLevel
      ) != "http://elsewhere"
    )
    #expect(reader.unknownNames() == ["HMPPS_SQS_LOCALSTAC\u{212A}_URL"])
  }
}
