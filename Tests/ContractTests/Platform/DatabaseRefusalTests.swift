import EventLoops
import Logging
import ModuleKit
import Testing
import Time

@testable import Gateway

@Suite("Databases that the gateway does not start on, and schemas newer than it")
struct DatabaseRefusalTests {
  private static func withDatabase(_ more: String, _ body: (TestDatabase) async throws -> Void) async throws {
    let name = "contract_refused_\(UInt64.random(in: 0 ... .max))"
    _ = try await Psql.run("create database \(name) \(more)", url: try Psql.serverURL)
    let database = TestDatabase(url: try Psql.url(database: name))
    let result: Result<Void, any Error>
    do {
      result = .success(try await body(database))
    } catch {
      result = .failure(error)
    }
    World.drop(database)
    try result.get()
  }

  private static func examine(_ settings: [String: String]) async throws -> [Finding] {
    var reader = SettingsReader(environment: settings, profile: .standard)
    return await Doctor(
      configuration: try Configuration.read(&reader),
      group: try World.group.get(),
      clock: SystemClock(),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    ).examine()
  }

  @Test(
    "a database that is not UTF-8 is refused by the start, by doctor and by adopt, which name the encoding"
  )
  func encoding() async throws {
    try await Self.withDatabase("encoding 'LATIN1' template template0 locale 'C'") {
      (database) async throws in
      let error = await #expect(throws: UnusableDatabase.self) {
        try await withGateway(on: database) { (_) async throws in }
      }
      #expect(
        error?.description
          == "The database of non-associations cannot be used: the encoding is LATIN1, not UTF8: make a database with the "
          + "encoding UTF8, and move what is in this one there"
      )
      #expect(try await database.row("select to_regclass('gateway_schema_history') is null") == "t")
      try await withGateway { (gateway) async throws in
        let settings = gateway.environment.merging(["DATABASE_URL": database.url]) { $1 }
        let findings = try await Self.examine(settings)
        let line = findings.first { $0.text.contains("the encoding is LATIN1") }
        #expect(line?.level == .fail && line?.area == "database")
      }
      var reader = SettingsReader(environment: [:], profile: .standard)
      let (lines, status) = await AdoptCommand.check(
        OldDatabase.databases(nonAssociations: database.url, restrictedPatients: nil),
        settings: &reader,
        group: try World.group.get(),
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      )
      #expect(status == 1)
      #expect(lines.contains { $0.contains("problem the encoding is LATIN1") })
    }
  }

  @Test(
    "a schema newer than the program: it serves, and start, dry run, doctor and adopt say so; a cut names who can"
  )
  func newerSchema() async throws {
    let database = try await World.makeDatabase()
    try await database.run(
      """
      alter table non_association add column remark text;
      alter table restricted_patients add column remark text default 'x' not null;
      insert into gateway_schema_history (module, version, name, checksum, origin)
      values ('non-associations', '2.99', 'a remark', 'x', 'gateway'),
        ('restricted-patients', '5.99', 'a remark', 'x', 'gateway'), ('events', '1.99', 'more', 'x', 'gateway');
      """
    )
    let newer = [
      "non-associations: 2.99 a remark was applied by a newer program, which lets this one go on",
      "restricted-patients: 5.99 a remark was applied by a newer program, which lets this one go on",
      "events: 1.99 more was applied by a newer program, which lets this one go on",
    ]
    try await withGateway(at: Patients.clock, on: database) { (gateway) async throws in
      let created = try await gateway.post("/non-associations", CreateTests.body, token: gateway.writer())
      #expect(created.status == 201, "\(created.text)")
      let id = try #require(try created.json["id"]?.number)
      let path = "/non-associations/\(id)"
      #expect(try await gateway.patch(path, #"{"comment":"new"}"#, token: gateway.writer()).status == 200)
      #expect(try await gateway.get(path, token: gateway.reader()).status == 200)
      gateway.prisonAPI.stubBooking()
      gateway.prisonAPI.stubDischarge()
      #expect(try await gateway.discharge().status == 201)
      let findings = try await Self.examine(gateway.environment)
      for text in newer {
        let finding = findings.first { $0.text == text }
        #expect(finding?.level == .warn, "\(text)")
      }
    }
    var reader = SettingsReader(environment: [:], profile: .standard)
    let (lines, _) = await AdoptCommand.check(
      OldDatabase.databases(nonAssociations: database.url, restrictedPatients: database.url),
      settings: &reader,
      group: try World.group.get(),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    )
    #expect(
      lines.contains {
        $0
          == "  note    2.99 a remark of non-associations was applied by a newer program, which lets this one go on"
      }
    )
    try await database.run(
      """
      alter table gateway_schema_history add column oldest_schema_version text, add column oldest_release text;
      update gateway_schema_history set oldest_schema_version = '5.98', oldest_release = '9.1.0' where version = '5.99'
      """
    )
    await #expect {
      try await withGateway(on: database) { (_) async throws in }
    } throws: { error in
      "\(error)".contains("the oldest that can is release 9.1.0, which knows version 5.98")
    }
    World.drop(database)
  }
}
