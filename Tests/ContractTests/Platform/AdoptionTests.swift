import EventLoops
import Foundation
import Logging
import ModuleKit
import Testing

@testable import Gateway
@testable import Postgres

@Suite("gateway adopt: databases of the replaced services, before they are taken over")
struct AdoptionTests {
  private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private static func check(
    nonAssociations: String? = nil,
    restrictedPatients: String? = nil,
    settings: [String: String] = [:]
  ) async throws -> (lines: [String], status: Int32) {
    var reader = SettingsReader(environment: settings, profile: .standard)
    return await AdoptCommand.check(
      OldDatabase.databases(nonAssociations: nonAssociations, restrictedPatients: restrictedPatients),
      settings: &reader,
      group: try World.group.get(),
      logger: logger
    )
  }

  private static func problems(_ lines: [String]) -> [String] {
    lines.filter { $0.hasPrefix("  problem ") }.map { String($0.dropFirst(10)) }
  }

  @Test(
    "two good databases are ready; nothing is changed; the migrations then do what was told, and keep the rows"
  )
  func ready() async throws {
    try await OldDatabase.with(.nonAssociations, versions: ["1.1", "1.2"]) { (old) async throws in
      try await OldDatabase.with(.restrictedPatients, versions: ["1", "2", "3", "4"]) {
        (patients) async throws in
        try await old.insertOpen("A1234BC", "D5678EF")
        try await old.insertClosed("D5678EF", "A1234BC")
        try await patients.insertPatient("A12345")
        let settings = [
          "NON_ASSOCIATIONS_DATABASE_URL": old.url, "RESTRICTED_PATIENTS_DATABASE_URL": patients.url,
        ]
        let (lines, status) = try await Self.check(settings: settings)
        #expect(status == 0, "\(lines)")
        #expect(Self.problems(lines) == [])
        #expect(lines.last?.hasPrefix("ready: ") == true)
        for text in [
          "ok      Flyway's history has the versions 1.1, 1.2, and no others",
          "ok      Flyway's history has the versions 1, 2, 3, 4, and no others",
          "will    1.2 indexes by prisoner: recognised as applied by Flyway",
          "will    2.1 one open pair: builds an index, meanwhile changes wait, and reads do not; takes less than a second",
          "will    2.2 the history of non-associations: touches no table of the service replaced",
          "will    events 1.1 the outbox: touches no table of the service replaced",
          "will    4 the table of restricted patients: recognised as applied by Flyway",
          "will    5.1 an archive of removed patients: touches no table of the service replaced",
        ] {
          #expect(lines.contains("  \(text)"), "\(text)")
        }
        #expect(lines.contains { $0.hasPrefix("  note    non_association has 2 rows and takes ") })
        #expect(try await old.row("select to_regclass('gateway_schema_history') is null") == "t")
        #expect(try await patients.row("select to_regclass('gateway_schema_history') is null") == "t")

        try await withGateway(at: Patients.clock, on: old, settings: settings) { (gateway) async throws in
          #expect(try await gateway.get("/non-associations/1", token: gateway.reader()).status == 200)
          gateway.prisonAPI.stubLists()
          #expect(try await gateway.patient("A12345").status == 200)
        }
        let (after, again) = try await Self.check(settings: settings)
        #expect(again == 0, "\(after)")
        #expect(
          after.filter { $0 == "  ok      the gateway has taken this database over already" }.count == 2
        )
        #expect(after.filter { $0 == "  will    nothing: the schema is up to date" }.count == 2)
      }
    }
  }

  @Test("non-associations that break what must be so are named by their ids")
  func brokenNonAssociations() async throws {
    try await OldDatabase.with(.nonAssociations, versions: ["1.1", "1.2"]) { (old) async throws in
      for (first, second) in [("A1234BC", "D5678EF"), ("D5678EF", "A1234BC"), ("A1234BC", "G9012HI")] {
        try await old.insertOpen(first, second)
      }
      try await old.run(
        """
        alter table non_association drop constraint non_association_check1,
          drop constraint non_association_different_people;
        """
      )
      let closed = try await old.insertClosed("L3456MN", "A1234BC")
      try await old.run("update non_association set closed_reason = null where id = \(closed)")
      let same = try await old.insertOpen("B1234BB", "B1234BB")
      let unreadable = try await old.insertOpen("B1234BB", "C1234CC")
      try await old.run("update non_association set reason = 'HATE' where id = \(unreadable)")
      let endless = try await old.insertOpen("B1234BB", "D1234DD", updated: "infinity")
      let (lines, status) = try await Self.check(nonAssociations: old.url)
      #expect(status == 1)
      #expect(
        Self.problems(lines) == [
          "pairs of prisoners with several open non-associations: 1 (1, 2). "
            + "Close all but one of each: until then the database cannot keep further ones out.",
          "half closed non-associations: 1 (\(closed)). "
            + "A closed one has closed_by, closed_reason and closed_at, an open one has none of them.",
          "non-associations of a prisoner with themselves: 1 (\(same)). Delete them.",
          "non-associations with a role, reason or restriction type that there is not: 1 (\(unreadable)). "
            + "Correct them: answers show the code itself.",
          "non-associations with a time that is not of the years 1 to 9999: 1 (\(endless)). "
            + "Correct them: answers show the nearest time that they can.",
        ]
      )
      #expect(lines.last == "not ready: 5 problems")
    }
  }

  @Test("restricted patients that break what must be so are named by their places, never by their numbers")
  func brokenPatients() async throws {
    try await OldDatabase.with(.restrictedPatients, versions: ["1", "2", "3", "4"]) { (old) async throws in
      try await old.run("alter table restricted_patients drop constraint restricted_patients_pkey")
      for _ in 0..<2 { try await old.insertPatient("A12345") }
      try await old.insertPatient("A12346", discharged: "infinity")
      try await old.insertPatient("A12347", hospital: " ")
      let (lines, status) = try await Self.check(restrictedPatients: old.url)
      #expect(status == 1)
      #expect(
        Self.problems(lines).map { String($0.prefix { $0 != "." }) } == [
          "prisoners with several rows: 1 ((0,1) (0,2))",
          "tables without a unique index of the prisoner number alone: 1 (restricted_patients)",
          "rows without a prisoner number, a prison or a hospital: 1 ((0,4))",
          "rows with a time that is not of the years 1 to 9999: 1 ((0,3))",
        ]
      )
      #expect(!lines.contains { $0.contains("A1234") })
    }
  }

  @Test(
    "a schema that is not the expected one is told of",
    arguments: [
      (["1.1", "1.2", "1.3"], "Flyway applied version 1.3, which this program does not know."),
      (
        ["1.1"],
        "Flyway has not applied 1.2 yet: start the last release of the service replaced once, so that it does"
      ),
      (
        nil,
        "there is a table non_association, but no history, Flyway's or the gateway's, that says how it was made"
      ),
    ] as [([String]?, String)]
  )
  func version(versions: [String]?, problem: String) async throws {
    try await OldDatabase.with(.nonAssociations, versions: versions) { (old) async throws in
      let (lines, status) = try await Self.check(nonAssociations: old.url)
      #expect(status == 1)
      #expect(Self.problems(lines) == [problem])
      #expect(!lines.contains { $0.hasPrefix("  will ") && !$0.contains("recognised") })
    }
  }

  @Test("a migration of Flyway's that failed, changed columns, and names that are taken are told of")
  func changedSchema() async throws {
    try await OldDatabase.with(.restrictedPatients, versions: ["1", "2", "3", "4"]) { (old) async throws in
      try await old.run(
        """
        alter table restricted_patients alter comment_text type text, add version integer not null,
          add remark text, alter create_datetime drop not null;
        create table restricted_patients_archive (id integer);
        """
      )
      let (lines, status) = try await Self.check(restrictedPatients: old.url)
      #expect(status == 1)
      #expect(
        Self.problems(lines) == [
          "there is a restricted_patients_archive already, which a migration is to create: rename or drop it",
          "the column comment_text is text, not character varying(240)",
          "a value of create_datetime may be null, but must not",
          "there is a further column version without a default, which the gateway does not fill",
        ]
      )
      #expect(lines.contains("  note    there is a further column remark, which stays as it is"))
      try await old.run("alter table restricted_patients drop column hospital_location_code")
      try await old.run("update flyway_schema_history set success = false where version = '4'")
      let (failed, _) = try await Self.check(restrictedPatients: old.url)
      let problems = Self.problems(failed)
      #expect(problems.contains("Flyway's migration 4 failed in this database; repair that first."))
      #expect(problems.contains("the column hospital_location_code is missing"))
    }
  }

  @Test("an empty database, one that is not there, one that cannot be reached, and none at all")
  func absent() async throws {
    try await OldDatabase.with(nil, versions: nil) { (empty) async throws in
      let (lines, status) = try await Self.check(nonAssociations: empty.url, restrictedPatients: empty.url)
      #expect(status == 1)
      #expect(Self.problems(lines).count == 2)
      #expect(Self.problems(lines).first?.hasPrefix("there is no table non_association: ") == true)
    }
    for url in [try Psql.url(database: "contract_no_such"), "postgresql://u:secret@127.0.0.1:1/x"] {
      let (lines, status) = try await Self.check(restrictedPatients: url)
      #expect(status == 1)
      #expect(Self.problems(lines).first?.hasPrefix("the database cannot be reached: ") == true)
      #expect(!lines.contains { $0.contains("secret") })
    }
    #expect(try await Self.check(nonAssociations: "what=ever").status == 2)
    let (lines, status) = try await Self.check()
    #expect(status == 2)
    #expect(lines.count >= 2)
  }

  @Test("rights that the user lacks are told of, one by one")
  func rights() async throws {
    let role = "contract_adopter_\(UInt32.random(in: 0 ... .max))"
    try await OldDatabase.with(.nonAssociations, versions: ["1.1", "1.2"]) { (old) async throws in
      try await old.run(
        "create role \(role) login password 'adopter'; revoke create on schema public from public"
      )
      var components = try #require(URLComponents(string: old.url))
      (components.user, components.password) = (role, "adopter")
      let url = try #require(components.string)
      let none = try await Self.check(nonAssociations: url)
      try await old.run("grant select on non_association, flyway_schema_history to \(role)")
      let reader = try await Self.check(nonAssociations: url)
      try await old.run("alter table non_association owner to \(role)")
      try await old.run("grant create on schema public to \(role)")
      let owner = try await Self.check(nonAssociations: url)
      try await old.run("drop owned by \(role); drop role \(role)")
      let other = [
        "the user may not insert, update and delete in non_association",
        "the user may not create tables in the schema",
        "the user is not the owner of non_association, so it cannot have further indexes",
      ]
      #expect(
        Set(Self.problems(none.lines))
          == Set(
            ["the user may not read non_association", "the user may not read flyway_schema_history"] + other
          )
      )
      #expect(Self.problems(reader.lines) == other)
      #expect(Self.problems(owner.lines) == [] && owner.status == 0)
    }
  }
}
