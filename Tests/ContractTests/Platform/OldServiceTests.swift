import Foundation
import Subprocess
import Testing

@testable import Gateway

/// A service and the gateway in its place, in turns on one database (docs/contract/adoption.md §1.3).
@Suite("docs/contract/adoption.md §1.3: the service replaced and the gateway, in turns on one database")
struct OldServiceTests {
  /// The gateway with exactly one chart's variables, on a database that is kept.
  private static func alone(
    _ service: HostedService,
    on database: TestDatabase,
    _ body: (RunningGateway) async throws -> Void
  ) async throws {
    try await withGateway(
      on: database,
      patientsOutbox: nil,
      adjust: { $0 = ModuleSubsetTests.environment(service, $0) }
    ) { (gateway) async throws in
      gateway.prisonAPI.stubLists()
      gateway.search.answerAnyone(in: "MDI")
      try await body(gateway)
    }
  }

  @Test("AD-9: non-associations, and its rows and history are intact after each turn")
  func nonAssociations() async throws {
    try await OldDatabase.with(.nonAssociations, versions: ["1.1", "1.2"]) { (old) async throws in
      let history = try await old.flywayHistory()
      let first = try await old.insertOpen("A1234BC", "D5678EF")
      let row = "select n::text from non_association n where id = \(first)"
      let asLeft = try await old.row(row)
      var own = 0
      for turn in 0..<2 {
        try await Self.alone(.nonAssociations, on: old) { (gateway) async throws in
          #expect(try await gateway.get("/health").json["status"] == "UP")
          #expect(try await gateway.get("/non-associations/\(first)", token: gateway.reader()).status == 200)
          let made = try await gateway.post(
            "/non-associations",
            RestoreTests.body(turn == 0 ? "B1234BA" : "B1234BB", "C1234CC"),
            token: gateway.writer()
          )
          #expect(made.status == 201)
          own = try #require(try made.json["id"]?.number)
        }
        #expect(try await old.flywayHistory() == history)
        #expect(try await old.row(row) == asLeft)
        // The old service again: it changes what the gateway has made, and makes and deletes its own.
        try await old.run(
          """
          update non_association set is_closed = true, closed_by = 'OLD', closed_reason = 'over', closed_at = now(),
            updated_by = 'OLD', when_updated = now() where id = \(own)
          """
        )
        let further = try await old.insertOpen("E1234E\(turn)", "F1234FF")
        #expect(further > own)
        try await old.run("delete from non_association where id = \(further)")
      }
      try await Self.alone(.nonAssociations, on: old) { (gateway) async throws in
        let read = try await gateway.get("/non-associations/\(own)", token: gateway.reader())
        #expect(try read.json["isClosed"] == true && read.json["closedBy"] == "OLD")
      }
      #expect(try await old.count("non_association") == 3)
    }
  }

  @Test("AD-9: restricted patients, and its rows and history are intact after each turn")
  func restrictedPatients() async throws {
    try await OldDatabase.with(.restrictedPatients, versions: ["1", "2", "3", "4"]) { (old) async throws in
      let history = try await old.flywayHistory()
      try await old.insertPatient("A1234BC")
      let row = "select p::text from restricted_patients p where prisoner_number = 'A1234BC'"
      let asLeft = try await old.row(row)
      for turn in 0..<2 {
        try await Self.alone(.restrictedPatients, on: old) { (gateway) async throws in
          #expect(try await gateway.patient("A1234BC").status == 200)
        }
        #expect(try await old.flywayHistory() == history)
        #expect(try await old.row(row) == asLeft)
        try await old.insertPatient("B1234B\(turn)")
        try await old.run(
          "update restricted_patients set supporting_prison_id = 'MDI' where prisoner_number = 'B1234B\(turn)'"
        )
        try await old.run("delete from restricted_patients where prisoner_number = 'B1234B\(turn)'")
      }
      #expect(try await old.count("restricted_patients") == 1)
    }
  }

  @Test(
    "AD-10: the job's variables on a database never migrated: it is migrated, the check runs, and the exit is 0"
  )
  func batch() async throws {
    try await withGateway { (gateway) async throws in
      try await OldDatabase.with(nil, versions: nil) { (empty) async throws in
        var environment = ModuleSubsetTests.environment(.restrictedPatients, gateway.environment)
        environment["DATABASE_URL"] = empty.url
        environment["BATCH_ENABLED"] = "true"
        environment["BATCH_TYPE"] = "PAST_DATE_CHECK"
        let program = try Program(["serve"], environment)
        #expect(try await program.ending() == .exited(0), "\(program.text)")
        #expect(!program.text.contains("\"serving\""))
        #expect(try await empty.count("restricted_patients") == 0)
        #expect(try await empty.count("gateway_schema_history where module = 'restricted-patients'") > 0)
      }
    }
  }

  @Test(
    "migrations run as the user that the replaced service's Flyway had, where that is another; the gateway does not"
  )
  func migrationUser() async throws {
    try await OldDatabase.with(nil, versions: nil) { (empty) async throws in
      let suffix = UInt32.random(in: 0 ... .max)
      let (owner, user) = ("owner_\(suffix)", "user_\(suffix)")
      try await empty.run(
        """
        create role \(owner) login password 'o'; create role \(user) login password 'u';
        """
      )
      let name = try await empty.row("select current_database()")
      try await empty.run(
        """
        revoke all on schema public from public; grant usage, create on schema public to \(owner);
        grant usage on schema public to \(user);
        alter default privileges for role \(owner) grant all on tables to \(user);
        alter default privileges for role \(owner) grant all on sequences to \(user);
        """
      )
      var url = try #require(URLComponents(string: empty.url))
      (url.user, url.password) = (user, "u")
      let settings = [
        "GATEWAY_MODULES": "non-associations", "DATABASE_URL": url.string ?? "",
        "SPRING_FLYWAY_USER": owner, "SPRING_FLYWAY_PASSWORD": "o",
      ]
      try await withGateway(on: empty, settings: settings) { (gateway) async throws in
        gateway.search.answerAnyone(in: "MDI")
        let tables = "select string_agg(distinct tableowner, ' ') from pg_tables where schemaname = 'public'"
        #expect(try await empty.row(tables) == owner)
        let body = RestoreTests.body("B1234BB", "C1234CC")
        let writer = try gateway.writer()
        #expect(try await gateway.post("/non-associations", body, token: writer).status == 201)
        let sessions = """
          select string_agg(distinct usename, ' ') from pg_stat_activity
          where datname = '\(name)' and usename like '%\(suffix)'
          """
        #expect(try await empty.row(sessions) == user)
      }
    }
  }
}
