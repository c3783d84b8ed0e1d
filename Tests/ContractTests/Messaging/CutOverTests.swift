import AWSPeer
import Foundation
import JSON
import Testing

/// The service replaced and the gateway on one database and one queue, alone and side by side, as while pods are rolled over
/// and back (docs/contract/adoption.md §1.3). The load goes on through all of it.
@Suite("docs/contract/adoption.md §1.3: cut over and back under load, on one database and one queue")
struct CutOverTests {
  private static func number(_ letter: String, _ index: Int) -> String { "\(letter)\(1000 + index)AA" }

  private let names = MessagingNames()
  private let client = BotoClient()

  /// The gateway with nothing but non-associations; when it returns, it has stopped.
  private func gateway(
    on database: TestDatabase,
    _ body: (RunningGateway) async throws -> Void
  ) async throws {
    let emulator = [
      "GATEWAY_MODULES": "non-associations", "HMPPS_SQS_PROVIDER": Provider.emulator.rawValue,
      "HMPPS_SQS_LOCALSTACK_URL": "\(AWSPeer.shared.url)", "SERVER_SHUTDOWN_TIMEOUT": "30s",
    ]
    try await withGateway(
      on: database,
      settings: names.settings.merging(emulator) { $1 },
      patientsOutbox: nil
    ) {
      (gateway) async throws in
      gateway.search.answerAnyone(in: "MDI")
      try await eventually { client.hasSubscription(names.topicARN) }
      try await body(gateway)
    }
  }

  /// Prisoners whose number changes, each of whom has a row.
  private func merge(_ indexes: Range<Int>) throws {
    for index in indexes {
      let message = """
        {"eventType":"prison-offender-events.prisoner.merged","version":1,"occurredAt":"2026-01-15T10:20:30Z",\
        "description":"d","additionalInformation":{"nomsNumber":"\(Self.number("N", index))",\
        "removedNomsNumber":"\(Self.number("M", index))","reason":"MERGE"}}
        """
      try client.publish(message, type: "prison-offender-events.prisoner.merged", on: names.topicARN)
    }
  }

  /// Opens pairs one after the other.
  /// - Returns: the ids of those that the gateway has opened.
  private func open(_ pairs: [(String, String)], _ gateway: RunningGateway) async throws -> [Int] {
    var ids: [Int] = []
    for (first, second) in pairs {
      let body = RestoreTests.body(first, second)
      let answer = try await gateway.post("/non-associations", body, token: gateway.writer())
      #expect([201, 409].contains(answer.status))
      if answer.status == 201 { ids.append(try #require(try answer.json["id"]?.number)) }
    }
    return ids
  }

  private func isDrained() async throws {
    try await eventually(within: .seconds(90)) {
      try await client.counts(of: names.nonAssociations) == (0, 0)
    }
  }

  @Test("AD-9: nothing is lost and nothing done twice, while both serve, in turns and side by side")
  func underLoad() async throws {
    let merges = 100
    try await OldDatabase.with(.nonAssociations, versions: ["1.1", "1.2"]) { (database) async throws in
      let history = "select string_agg(h::text, E'\\n' order by installed_rank) from flyway_schema_history h"
      let migrated = try await database.row(history)
      for index in 0..<merges {
        try await database.insertOpen(Self.number("M", index), Self.number("P", index))
      }
      // The first turn makes topic and queues, as they are there in a namespace.
      try await gateway(on: database) { _ in try await client.subscribe(names.subscriber, to: names.topicARN)
      }

      let old = OldServiceDouble(database, client, queue: names.nonAssociations)
      // Every fourth pair is one that the gateway is asked for as well.
      let olds = (0..<400).map { ($0 % 4 == 0 ? "Q" : "J", $0) }.map {
        (Self.number($0, $1), Self.number("R", $1))
      }
      let gateways = (0..<120).map { index in
        index.isMultiple(of: 2)
          ? (Self.number("R", index * 2), Self.number("Q", index * 2))
          : (Self.number("G", index), Self.number("H", index))
      }
      var own: [Int] = []
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await old.run(opening: olds) }
        defer { old.end() }
        try merge(0..<15)
        try await isDrained()
        try await eventually { old.merged.count == 15 }
        // Rolled over: side by side, then the gateway alone, which stops with messages left.
        try merge(15..<45)
        try await gateway(on: database) { (gateway) async throws in
          own += try await open(Array(gateways[0..<40]), gateway)
          old.serve(false)
          try merge(45..<60)
          own += try await open(Array(gateways[40..<80]), gateway)
          try await isDrained()
          try merge(60..<70)
        }
        // And back, over a time of both.
        old.serve(true)
        try await gateway(on: database) { (gateway) async throws in
          try merge(70..<85)
          own += try await open(Array(gateways[80..<120]), gateway)
        }
        try merge(85..<merges)
        try await isDrained()
        try await eventually { old.merged.count >= 15 + merges - 85 }
        old.end()
        try await group.waitForAll()
      }
      // The last turn sends what the second gateway may have left.
      try await gateway(on: database) { (_) async throws in
        try await eventually { try await database.count("gateway_outbox where published_at is null") == 0 }
      }

      // Each merge once, by one of the two, and both had some.
      let mine = "select count(*) from non_association_history where change = 'MERGED'"
      let (byGateway, byOld) = (Int(try await database.row(mine)) ?? -1, old.merged)
      #expect(byGateway + byOld.count == merges && Set(byOld).count == byOld.count)
      #expect(byGateway >= 5 && byOld.count >= 30)
      #expect(try await database.count("non_association where first_prisoner_number like 'N%'") == merges)
      #expect(try await database.count("non_association where first_prisoner_number like 'M%'") == 0)
      // Each pair once, whoever was asked for it.
      #expect(try await database.count("non_association") == merges + own.count + old.created.count)
      let pairs =
        "select count(distinct (least(first_prisoner_number, second_prisoner_number), "
        + "greatest(first_prisoner_number, second_prisoner_number))) from non_association"
      #expect(Int(try await database.row(pairs)) == merges + own.count + old.created.count)
      #expect(own.count >= 60 && !old.created.isEmpty)
      // What the gateway has opened it has told, once each, and nothing else.
      #expect(try await database.count("gateway_outbox where set_aside_at is not null") == 0)
      let told = try await client.take(from: names.subscriber).compactMap { message -> Int? in
        let envelope = try JSON(parsing: Array(message.body.utf8))
        guard envelope["MessageAttributes"]?["eventType"]?["Value"] == "non-associations.created" else {
          return nil
        }
        let event = try JSON(parsing: Array((envelope["Message"]?.text ?? "").utf8))
        return event["additionalInformation"]?["id"]?.number
      }
      #expect(told.sorted() == own.sorted())
      #expect(try await client.take(from: names.audit).count == own.count)
      #expect(try await client.counts(of: names.deadLetters(of: names.nonAssociations)) == (0, 0))
      #expect(try await database.row(history) == migrated)
    }
  }
}
