import TestKit
import Testing

/// The service replaced and the gateway on one database and one queue, alone and side by side, as while pods are rolled over
/// and back (docs/contract/adoption.md §1.3). The load goes on through all of it.
@Suite("docs/contract/adoption.md §1.3: cut over and back under load, on one database and one queue")
struct CutOverTests {
  private static func number(_ letter: String, _ index: Int) -> String { "\(letter)\(1000 + index)AA" }

  /// The gateway with nothing but non-associations; when it returns, it has stopped.
  private func gateway(_ place: CutOver, _ body: (RunningGateway) async throws -> Void) async throws {
    try await place.gateway(subscribedTo: place.names.topicARN) { (gateway) async throws in
      gateway.search.answerAnyone(in: "MDI")
      try await body(gateway)
    }
  }

  /// Prisoners whose number changes, each of whom has a row.
  private func merge(_ indexes: Range<Int>, _ place: CutOver) throws {
    for index in indexes {
      let message = """
        {"eventType":"prison-offender-events.prisoner.merged","version":1,"occurredAt":"2026-01-15T10:20:30Z",\
        "description":"d","additionalInformation":{"nomsNumber":"\(Self.number("N", index))",\
        "removedNomsNumber":"\(Self.number("M", index))","reason":"MERGE"}}
        """
      try place.client.publish(
        message,
        type: "prison-offender-events.prisoner.merged",
        on: place.names.topicARN
      )
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

  @Test("AD-9: nothing is lost and nothing done twice, while both serve, in turns and side by side")
  func underLoad() async throws {
    let merges = 100
    try await OldDatabase.with(.nonAssociations, versions: ["1.1", "1.2"]) { (database) async throws in
      let place = CutOver(database: database, module: "non-associations")
      let (names, client) = (place.names, place.client)
      let history = try await database.flywayHistory()
      for index in 0..<merges {
        try await database.insertOpen(Self.number("M", index), Self.number("P", index))
      }
      // The first turn makes topic and queues, as they are there in a namespace.
      try await gateway(place) { _ in try await client.subscribe(names.subscriber, to: names.topicARN) }

      let old = OldNonAssociations(database, client, queue: names.nonAssociations)
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
        defer { old.turns.end() }
        try merge(0..<15, place)
        try await place.isDrained(names.nonAssociations)
        try await eventually("the old service has merged fifteen") { old.merged.count == 15 }
        // Rolled over: side by side, then the gateway alone, which stops with messages left.
        try merge(15..<45, place)
        try await gateway(place) { (gateway) async throws in
          own += try await open(Array(gateways[0..<40]), gateway)
          old.turns.serve(false)
          try merge(45..<60, place)
          own += try await open(Array(gateways[40..<80]), gateway)
          try await place.isDrained(names.nonAssociations)
          try merge(60..<70, place)
        }
        // And back, over a time of both.
        old.turns.serve(true)
        try await gateway(place) { (gateway) async throws in
          try merge(70..<85, place)
          own += try await open(Array(gateways[80..<120]), gateway)
        }
        try merge(85..<merges, place)
        try await place.isDrained(names.nonAssociations)
        try await eventually("the old service has merged its share") { old.merged.count >= 15 + merges - 85 }
        old.turns.end()
        try await group.waitForAll()
      }
      // The last turn sends what the second gateway may have left.
      try await gateway(place) { _ in try await place.isTold() }

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
      let told = try await place.told().filter { $0.type == "non-associations.created" }
        .compactMap { $0.event["additionalInformation"]?["id"]?.number }
      #expect(told.sorted() == own.sorted())
      #expect(try await client.take(from: names.audit).count == own.count)
      #expect(try await client.counts(of: names.deadLetters(of: names.nonAssociations)) == (0, 0))
      #expect(try await database.flywayHistory() == history)
    }
  }
}
