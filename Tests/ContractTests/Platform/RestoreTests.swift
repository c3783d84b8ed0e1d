import EventLoops
import Foundation
import Logging
import Subprocess
import Synchronization
import TestKit
import Testing

@testable import Gateway

/// What the restore job does to a pre-production that the gateway serves meanwhile (docs/contract/adoption.md §2.5).
@Suite("docs/contract/adoption.md §2.5: a dump restored over the database of a gateway that serves")
struct RestoreTests {
  private final class Load: Sendable {
    let isOver = Mutex(false)
  }

  /// The whole of one database over another, as the job does it.
  private static func restore(_ production: TestDatabase, over database: TestDatabase) async throws {
    let dump = FileManager.default.temporaryDirectory.appending(path: "restore-\(UUID()).dump")
    defer { try? FileManager.default.removeItem(at: dump) }
    for command in [
      ["pg_dump", "--format", "custom", "--no-privileges", "--file", dump.path, production.url],
      [
        "pg_restore", "--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction",
        "--dbname", database.url, dump.path,
      ],
    ] {
      try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async {
          continuation.resume(with: Result { _ = try Subprocess.run(command) })
        }
      }
    }
  }

  /// Runs `body` with production's database, as the service replaced leaves it, and a gateway on pre-production's, which
  /// it has taken over of the same service. Non-associations alone are there.
  private static func withBoth(
    schemaInterval: Duration,
    logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
    _ body: (TestDatabase, RunningGateway) async throws -> Void
  ) async throws {
    try await OldDatabase.with(.nonAssociations, versions: ["1.1", "1.2"]) { (production) async throws in
      try await OldDatabase.with(.nonAssociations, versions: ["1.1", "1.2"]) { (own) async throws in
        let settings = ["GATEWAY_MODULES": "non-associations"]
        try await withGateway(
          on: own,
          settings: settings,
          logger: logger,
          schemaInterval: schemaInterval
        ) { (gateway) async throws in
          gateway.search.answerAnyone(in: "MDI")
          try await body(production, gateway)
        }
      }
    }
  }

  private static let added = [
    "non_association_closed_idx", "non_association_open_idx", "non_association_open_pair_idx",
    "non_association_when_created_idx", "non_association_when_updated_idx",
  ]

  private static func indexes(_ database: TestDatabase) async throws -> [String] {
    let names = added.map { "'\($0)'" }.joined(separator: ", ")
    let sql = """
      select coalesce(string_agg(indexname, ' ' order by indexname), '') from pg_indexes
      where tablename = 'non_association' and indexname in (\(names))
      """
    return try await database.row(sql).split(separator: " ").map(String.init)
  }

  private static func number(_ letter: String, _ index: Int) -> String {
    "\(letter)\(String(index + 1000).suffix(4))BC"
  }

  static func body(_ first: String, _ second: String) -> String {
    """
    {"firstPrisonerNumber":"\(first)","firstPrisonerRole":"VICTIM","secondPrisonerNumber":"\(second)",\
    "secondPrisonerRole":"PERPETRATOR","reason":"BULLYING","restrictionType":"CELL","comment":"apart"}
    """
  }

  @Test(
    "AD-19: under load the restore succeeds, the gateway serves on, and makes again what went with it"
  )
  func restored() async throws {
    let lines = RecordedLog()
    try await Self.withBoth(schemaInterval: .milliseconds(50), logger: lines.logger) {
      (production, gateway) async throws in
      for index in 0..<200 {
        try await production.insertOpen(Self.number("A", index), Self.number("B", index))
      }
      try await gateway.database.insertOpen("X1234BC", "Y1234BC")
      #expect(try await Self.indexes(gateway.database) == Self.added)
      let (reader, writer) = (try gateway.reader(), try gateway.writer())
      let load = Load()
      let statuses = try await withThrowingTaskGroup(of: [Int].self) { group in
        for worker in 0..<6 {
          group.addTask {
            var statuses: [Int] = []
            while !load.isOver.withLock(\.self) {
              let index = worker * 1000 + statuses.count
              let answer =
                switch worker % 3 {
                case 0: try await gateway.get("/non-associations/\(1 + index % 200)", token: reader)
                case 1: try await gateway.get("/non-associations?size=20", token: reader)
                default:
                  try await gateway.post(
                    "/non-associations",
                    Self.body(Self.number("C", index), Self.number("D", index)),
                    token: writer
                  )
                }
              statuses.append(answer.status)
            }
            return statuses
          }
        }
        for _ in 0..<3 { try await Self.restore(production, over: gateway.database) }
        load.isOver.withLock { $0 = true }
        return try await group.reduce(into: [Int]()) { $0 += $1 }
      }
      #expect(statuses.filter { ![200, 201, 404, 409, 503].contains($0) } == [])
      #expect(statuses.count { $0 == 201 } > 0)
      // All of it without a restart, and whatever was prepared on connections of before.
      for _ in 0..<50 {
        #expect(try await gateway.get("/non-associations/7", token: reader).status == 200)
        #expect(try await gateway.get("/prisoner/A1006BC/non-associations", token: reader).status == 200)
      }
      try await eventually("the added indexes are back") {
        try await Self.indexes(gateway.database) == Self.added
      }
      #expect(
        lines.lines.contains {
          $0.message.hasSuffix("and is there again")
            && $0.metadata["index"] == "non_association_open_pair_idx"
        }
      )
      let taken = try await gateway.post(
        "/non-associations",
        Self.body(Self.number("B", 3), Self.number("A", 3)),
        token: writer
      )
      #expect(taken.status == 409)
      let new = Self.body("X1234BC", "Y1234BC")
      #expect(try await gateway.post("/non-associations", new, token: writer).status == 201)
      let unpublished = "gateway_outbox where published_at is null"
      try await eventually("everything is published") { try await gateway.database.count(unpublished) == 0 }
      // And the next start finds nothing to do.
      #expect(
        try await gateway.database.count("gateway_schema_history where module = 'non-associations'") == 7
      )
    }
  }

  @Test(
    "AD-19: without the unique index, of many opens of a pair one is 201, of two re-openings one is 200"
  )
  func withoutIndex() async throws {
    try await Self.withBoth(schemaInterval: .seconds(3600)) { (production, gateway) async throws in
      try await production.insertClosed("A1234BC", "D5678EF")
      try await production.insertClosed("D5678EF", "A1234BC")
      try await Self.restore(production, over: gateway.database)
      #expect(try await Self.indexes(gateway.database) == [])
      let (writer, reopener) = (try gateway.writer(), try gateway.reopener())
      for index in 0..<30 {
        let (one, other) = (Self.number("A", index), Self.number("B", index))
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
          for caller in 0..<8 {
            let body = caller.isMultiple(of: 2) ? Self.body(one, other) : Self.body(other, one)
            group.addTask { try await gateway.post("/non-associations", body, token: writer).status }
          }
          return try await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(statuses.sorted() == [201] + Array(repeating: 409, count: 7))
      }
      for _ in 0..<20 {
        async let first = gateway.put("/non-associations/1/reopen", #"{"reopenReason":"x"}"#, token: reopener)
        async let second = gateway.put(
          "/non-associations/2/reopen",
          #"{"reopenReason":"x"}"#,
          token: reopener
        )
        let statuses = try await [first.status, second.status]
        #expect(statuses.sorted() == [200, 409])
        let open = statuses[0] == 200 ? 1 : 2
        let close = #"{"closedReason":"x"}"#
        #expect(try await gateway.put("/non-associations/\(open)/close", close, token: writer).status == 200)
      }
      #expect(try await Self.indexes(gateway.database) == [])
    }
  }

  @Test(
    "AD-19: rows of production that break the rule keep the index away, and no pair gets another"
  )
  func brokenRule() async throws {
    let lines = RecordedLog()
    try await Self.withBoth(schemaInterval: .milliseconds(50), logger: lines.logger) {
      (production, gateway) async throws in
      try await production.insertOpen("A1234BC", "D5678EF")
      try await production.insertOpen("D5678EF", "A1234BC")
      try await Self.restore(production, over: gateway.database)
      let others = Self.added.filter { $0 != "non_association_open_pair_idx" }
      try await eventually("the other indexes are back") {
        try await Self.indexes(gateway.database) == others
      }
      #expect(
        lines.lines.contains {
          $0.message.contains("have several open non-associations") && $0.metadata["rows"] == "1, 2"
        }
      )
      let writer = try gateway.writer()
      let body = Self.body("A1234BC", "D5678EF")
      #expect(try await gateway.post("/non-associations", body, token: writer).status == 409)
      let other = Self.body("A1234BC", "X1234BC")
      #expect(try await gateway.post("/non-associations", other, token: writer).status == 201)
    }
  }

  @Test(
    "AD-19: a dump of an earlier release of the gateway takes the schema back, and it is brought forward again"
  )
  func earlierRelease() async throws {
    let production = try await World.makeDatabase()
    defer { World.drop(production) }
    try await production.run(
      """
      delete from gateway_schema_history where module = 'non-associations' and version in ('2.4', '2.5');
      drop table non_association_number_change;
      delete from gateway_schema_history where module = 'events' and version in ('1.5', '1.6', '1.7', '1.8');
      alter table gateway_outbox drop column destination, drop column operation;
      drop table gateway_outbox_origin;
      insert into gateway_outbox (module, kind, subject, event_type, message) values
        ('non-associations', 'event', 'A', 'non-associations.created', '{"of":"production"}'),
        ('non-associations', 'audit', 'A', 'NON_ASSOCIATION_CREATED', '{"of":"production"}'),
        ('restricted-patients', 'event', 'A', 'restricted-patients.patient.added', '{"of":"production"}');
      drop trigger non_association_count_insert on non_association;
      drop trigger non_association_count_update on non_association;
      drop trigger non_association_count_delete on non_association;
      drop trigger non_association_count_truncate on non_association;
      drop function non_association_count_row;
      drop function non_association_count_truncated;
      drop table non_association_count;
      drop table non_association_count_change;
      drop table non_association_count_base;
      """
    )
    try await withGateway(schemaInterval: .milliseconds(50)) { (gateway) async throws in
      gateway.search.answerAnyone(in: "MDI")
      let versions = "select count(*) from gateway_schema_history"
      let all = try await gateway.database.row(versions)
      try await Self.restore(production, over: gateway.database)
      try await eventually("all migrations are applied again") {
        try await gateway.database.row(versions) == all
      }
      let body = Self.body("A1234BC", "D5678EF")
      #expect(try await gateway.post("/non-associations", body, token: gateway.writer()).status == 201)
      #expect(try await gateway.database.count("gateway_outbox where destination is not null") == 2)
      // Nobody knows where production's were meant for. What is written now waits: its queues went with the tables.
      let (aside, sent) = ("set_aside_at is not null", "published_at is not null")
      try await eventually("three events are set aside") {
        try await gateway.database.count("gateway_outbox where \(aside) and destination is null") == 3
      }
      #expect(try await gateway.database.count("gateway_outbox where \(aside)") == 3)
      #expect(try await gateway.database.count("gateway_outbox where \(sent) and destination is null") == 0)
    }
  }

  @Test("AD-20: rows of an older release that are not sent yet are, once it is replaced")
  func upgraded() async throws {
    let database = try await World.makeDatabase()
    defer { World.drop(database) }
    try await database.run(
      """
      delete from gateway_schema_history where module = 'events' and version in ('1.5', '1.6', '1.7', '1.8');
      alter table gateway_outbox drop column destination, drop column operation;
      drop table gateway_outbox_origin;
      insert into gateway_outbox (module, kind, subject, event_type, message)
        values ('non-associations', 'event', 'A', 'non-associations.created', '{"of":"here"}');
      """
    )
    try await withGateway(on: database) { (gateway) async throws in
      try await eventually("one event is published") {
        try await gateway.database.count("gateway_outbox where published_at is not null") == 1
      }
    }
  }

  @Test("AD-19: totals of pages are right at once, though the triggers that keep them went with the table")
  func counts() async throws {
    try await Self.withBoth(schemaInterval: .milliseconds(50)) { (production, gateway) async throws in
      let reader = try gateway.reader()
      func isTotal(_ total: Int) async throws -> Bool {
        let page = try await gateway.get("/non-associations?includeClosed=true&size=1", token: reader)
        return try page.json["totalElements"] == .number(total)
      }
      let base =
        "gateway_schema_history where exists (select from non_association_count_base"
        + " where table_oid = 'non_association'::regclass::oid)"
      try await eventually("the base table is there") { try await gateway.database.count(base) > 0 }
      for index in 0..<30 {
        try await production.insertOpen(Self.number("A", index), Self.number("B", index))
      }
      try await Self.restore(production, over: gateway.database)
      #expect(try await isTotal(30))
      try await gateway.database.insertOpen("X1234BC", "Y1234BC")
      #expect(try await isTotal(31))
      // The triggers are back, and all rows counted again.
      try await eventually("the base table is there again") { try await gateway.database.count(base) > 0 }
      #expect(try await gateway.database.count("pg_trigger where tgname like 'non_association_count_%'") == 4)
      #expect(try await isTotal(31))
      // What the service replaced writes is counted without help.
      try await gateway.database.insertClosed("X1234BC", "Z1234BC")
      try await gateway.database.run("delete from non_association where id <= 10")
      #expect(try await isTotal(22))
      #expect(try await gateway.database.count("non_association_count_base") == 1)
    }
  }

  @Test("AD-19: what a start finds missing it makes as well")
  func atStart() async throws {
    try await OldDatabase.with(.nonAssociations, versions: ["1.1", "1.2"]) { (own) async throws in
      let settings = ["GATEWAY_MODULES": "non-associations"]
      try await withGateway(on: own, settings: settings) { _ in }
      try await OldDatabase.with(.nonAssociations, versions: ["1.1", "1.2"]) { (production) async throws in
        try await Self.restore(production, over: own)
      }
      #expect(try await Self.indexes(own) == [])
      try await withGateway(on: own, settings: settings, schemaInterval: .seconds(3600)) { (_) async throws in
        #expect(try await Self.indexes(own) == Self.added)
      }
    }
  }

  @Test("AD-20: what production has not sent is set aside and counted, never sent; own events go on")
  func foreignOutbox() async throws {
    try await MessagingWorld.run(.emulator) { (world) async throws in
      let production = try await World.makeDatabase()
      defer { World.drop(production) }
      for (module, kind, type, destination) in [
        ("non-associations", "event", "non-associations.created", "arn:aws:sns:eu-west-2:1:production"),
        ("non-associations", "audit", "NON_ASSOCIATION_CREATED", "audit-of-production"),
        ("restricted-patients", "event", "restricted-patients.patient.added", "another-topic"),
      ] {
        for subject in 0..<3 {
          try await production.run(
            """
            insert into gateway_outbox (module, kind, subject, event_type, message, destination)
            values ('\(module)', '\(kind)', 'A\(subject)', '\(type)', '{"prisonerNumber":"A1234BC"}', '\(destination)')
            """
          )
        }
      }
      try await production.insertOpen("A1234BC", "D5678EF")
      try await Self.restore(production, over: world.database)
      let left = "gateway_outbox where published_at is null and set_aside_at is null"
      try await eventually("nothing is left") { try await world.database.count(left) == 0 }
      #expect(try await world.database.count("gateway_outbox where set_aside_at is not null") == 9)
      let admins = ["NON_ASSOCIATIONS_API_QUEUE_ADMIN", "SYSCON__QUEUE_ADMIN"]
      let listed = try await world.gateway.get("/queue-admin/outbox", token: world.token(admins))
      #expect(try listed.json["messagesFoundCount"] == 9)
      let reasons = try listed.json["messages"]?.items.compactMap { $0["reason"]?.text } ?? []
      #expect(
        reasons.count == 9 && reasons.allSatisfy { $0.contains("production") || $0.contains("another-topic") }
      )
      // Counted before the scrape's next look at the table is over.
      try await eventually("six are counted as set aside") {
        let metrics = try await world.gateway.get("/metrics").text
        return metrics.split(separator: "\n").contains {
          $0.hasPrefix("events_outbox_set_aside_messages{module=\"non-associations\"}") && $0.hasSuffix(" 6")
        }
      }
      // The topic's subscriber gets what this gateway tells, and that alone.
      world.gateway.search.answerAnyone(in: "MDI")
      let writer = try world.token(["WRITE_NON_ASSOCIATIONS"], user: "U")
      let created = try await world.write(
        "POST",
        "/non-associations",
        Self.body("X1234BC", "Y1234BC"),
        writer
      )
      #expect(created.status == 201)
      #expect(try await world.nextEvent().message.contains("X1234BC"))
      #expect(try await world.client.counts(of: world.names.subscriber) == (0, 0))
      #expect(try await world.take(1, from: world.names.audit).count == 1)
    }
  }
}
