import HTTPTypes
import PlatformTestKit
import ServerTestKit
import ServiceKit
import Testing
import Time

@testable import RestrictedPatientsModule

@Suite("Reading patients, and the prison that supports them")
struct ReadTests {
  private static let reader = "READ_RESTRICTED_PATIENTS"

  private static func lists(_ module: PatientsModule) {
    module.upstream.stubLists([
      ("MDI", "Moorland", "INST"), ("LEI", "Leeds", "INST"),
      ("HAZLWD", "Hazelwood House", "HSHOSP"),
    ])
  }

  private static func read(_ module: PatientsModule, _ number: String) async throws
    -> PatientsModule.Answer
  {
    try await module.send(.get, "/restricted-patient/prison-number/\(number)")
  }

  private static func change(
    _ module: PatientsModule,
    _ number: String = "A12345",
    to prison: String
  ) async throws -> PatientsModule.Answer {
    try await module.send(
      .post,
      "/change-supporting-prison",
      body: #"{"offenderNo":"\#(number)","supportingPrisonId":"\#(prison)"}"#
    )
  }

  @Test(
    "40: a patient comes with its agencies in words; nobody is 404, and prison API is not asked"
  )
  func patient() async throws {
    try await PatientsModule.run { (module) async throws in
      Self.lists(module)
      try await module.database.insert(try Patients.patient())
      #expect(try await Self.read(module, "A23456").status == 404)
      #expect(module.upstream.calls == [])
      let answer = try await Self.read(module, "A12345")
      #expect(answer.status == 200)
      #expect(
        answer.body
          == #"{"prisonerNumber":"A12345","fromLocation":{"agencyId":"MDI","description":"Moorland","agencyType":"INST","#
          + #""active":true},"hospitalLocation":{"agencyId":"HAZLWD","description":"Hazelwood House","agencyType":"HSHOSP","#
          + #""active":true},"supportingPrison":{"agencyId":"LEI","description":"Leeds","agencyType":"INST","active":true},"#
          + #""dischargeTime":"2020-10-09T10:11:12.123456","commentText":"a comment","#
          + #""createDateTime":"2020-10-09T11:00:00","createUserId":"CREATOR"}"#
      )
      // The lists are kept.
      #expect(try await Self.read(module, "A12345").status == 200)
      #expect(module.upstream.calls.count == 3)
    }
  }

  @Test("43: while prison API gives no lists, a patient is no answer but its failure")
  func withoutLists() async throws {
    try await PatientsModule.run { (module) async throws in
      try await module.database.insert(try Patients.patient())
      module.upstream.stub("GET /api/agencies/type/INST", 503, "")
      let answer = try await Self.read(module, "A12345")
      #expect(answer.status == 500)
      #expect(answer.body.contains(#""errorCode":"UPSTREAM_ERROR""#))
    }
  }

  @Test("The list needs its role, tells the page that was asked for, and names what it cannot read")
  func list() async throws {
    try await PatientsModule.run { (module) async throws in
      Self.lists(module)
      for (number, prison) in [("A12345", "MDI"), ("B12345", "MDI"), ("C12345", "LEI")] {
        try await module.database.insert(try Patients.patient(number, prison: prison))
      }
      func list(_ query: String, by role: String = Self.reader) async throws
        -> PatientsModule.Answer
      {
        try await module.send(.get, "/restricted-patients\(query)", by: role)
      }
      #expect(try await list("", by: "U").status == 403)
      let second = try await list("?size=2&page=1")
      #expect(second.status == 200)
      #expect(second.body.hasPrefix(#"{"content":[{"prisonerNumber":"C12345","#))
      #expect(
        second.body.hasSuffix(
          #"],"first":false,"last":true,"number":1,"numberOfElements":1,"size":2,"totalElements":3,"totalPages":2}"#
        )
      )
      #expect(
        try await list("?supportingPrisonId=MDI").body.contains(#""content":[],"first":true"#)
      )
      let all = try await list(
        "?supportingPrisonId=LEI&hospitalLocationCode=HAZLWD&dischargedFrom=2020-10-09"
      )
      #expect(all.body.contains(#""totalElements":3"#))
      #expect(try await list("?dischargedTo=2020-10-08").body.contains(#""totalElements":0"#))
      for (query, text) in [
        ("?page=-1", "page must be from 0"), ("?size=201", "size must be from 1 to 200"),
        ("?size=x", "size"), ("?dischargedFrom=2020-02-30", "dischargedFrom"),
      ] {
        let refused = try await list(query)
        #expect(refused.status == 400, "\(query)")
        #expect(refused.body.contains(text), "\(query): \(refused.body)")
      }
    }
  }

  @Test(
    "The history has the record and those that were removed, the latest first; it needs its role"
  )
  func history() async throws {
    try await PatientsModule.run { (module) async throws in
      func history(_ number: String, by role: String = Self.reader) async throws
        -> PatientsModule.Answer
      {
        try await module.send(.get, "/restricted-patient/prison-number/\(number)/history", by: role)
      }
      #expect(try await history("A12345", by: "U").status == 403)
      #expect(try await history("A12345").status == 404)
      for removal in [
        RemovalRecord(at: try Patients.time("2020-10-11T00:00:01"), by: "REMOVER", cause: .user),
        RemovalRecord(at: try Patients.time("2020-10-11T00:00:02"), by: nil, cause: .reception),
      ] {
        try await module.database.insert(try Patients.patient())
        _ = try await module.database.commit {
          try await module.database.store.archive("A12345", removal, in: $0)
        }
      }
      let gone = try await history("A12345").body
      #expect(
        gone.hasPrefix(
          #"{"prisonerNumber":"A12345","current":null,"removed":[{"prisonerNumber":"A12345","#
        )
      )
      let times = gone.ranges(of: "removedDateTime").map { gone[$0.upperBound...].prefix(22) }
      #expect(times == [#"":"2020-10-11T00:00:02"#, #"":"2020-10-11T00:00:01"#])
      try await module.database.insert(try Patients.patient())
      let back = try await history("A12345").body
      #expect(
        back.hasPrefix(
          #"{"prisonerNumber":"A12345","current":{"prisonerNumber":"A12345","fromLocationId":"MDI","#
        )
      )
      #expect(module.upstream.calls == [])
    }
  }

  @Test("54: another prison is stored, told, noted and answered, by whom and when")
  func prisonChanged() async throws {
    try await PatientsModule.run { (module) async throws in
      Self.lists(module)
      module.upstream.stub(
        ScriptedUpstream.agency("MDI"),
        200,
        #"{"agencyId":"MDI","description":"New name","agencyType":"INST","active":true}"#
      )
      var patient = try Patients.patient()
      try await module.database.insert(patient)
      let answer = try await Self.change(module, to: "MDI")
      #expect(answer.status == 200)
      // The prison as it was asked for just now, not as the lists have it.
      #expect(
        answer.body.contains(#""supportingPrison":{"agencyId":"MDI","description":"New name","#)
      )
      (patient.supportingPrisonID, patient.modifiedBy) = ("MDI", "U")
      patient.modifiedAt = try Patients.time("2020-10-10T00:00")
      #expect(try await module.database.find("A12345") == patient)
      #expect(
        module.database.outbox.told == [
          "restricted-patients.patient.supporting-prison-changed A12345"
        ]
      )
      #expect(module.telemetry.names == ["restricted-patient-changed-supporting-prison"])
    }
  }

  @Test("55 to 58: no patient, the same prison, and one that is not there change and tell nothing")
  func prisonRefused() async throws {
    try await PatientsModule.run(checksAgencies: true) { (module) async throws in
      Self.lists(module)
      try await module.database.insert(try Patients.patient())
      let same = try await Self.change(module, to: "LEI")
      #expect(same.status == 400 && same.body.contains(#""errorCode":"PRISON_UNCHANGED""#))
      #expect(try await Self.change(module, "A23456", to: "MDI").status == 404)
      #expect(module.upstream.calls == [])
      let unknown = try await Self.change(module, to: "XXI")
      #expect(unknown.status == 400 && unknown.body.contains(#""errorCode":"PRISON_NOT_FOUND""#))
      module.upstream.stub(
        ScriptedUpstream.agency("HAZLW"),
        200,
        #"{"agencyId":"HAZLW","description":"Hazelwood House","agencyType":"HSHOSP","active":true}"#
      )
      let hospital = try await Self.change(module, to: "HAZLW")
      #expect(hospital.status == 400 && hospital.body.contains(#""errorCode":"PRISON_NOT_FOUND""#))
      module.upstream.stub(ScriptedUpstream.agency("MDI"), 503, "")
      #expect(try await Self.change(module, to: "MDI").status == 500)
      #expect(try await module.database.find("A12345") == (try Patients.patient()))
      #expect(module.database.outbox.told == [] && module.telemetry.names == [])
    }
  }

  @Test("A change whose event cannot be recorded leaves the prison as it was")
  func prisonUntold() async throws {
    try await PatientsModule.run { (module) async throws in
      Self.lists(module)
      module.upstream.stub(
        ScriptedUpstream.agency("MDI"),
        200,
        #"{"agencyId":"MDI","agencyType":"INST"}"#
      )
      try await module.database.insert(try Patients.patient())
      module.database.outbox.fail(with: CancellationError())
      #expect(try await Self.change(module, to: "MDI").status >= 500)
      #expect(try await module.database.find("A12345") == (try Patients.patient()))
      #expect(module.telemetry.names == [])
    }
  }
}
