import Events
import ServerTestKit
import Testing

@testable import Gateway
@testable import NonAssociationsModule
@testable import RestrictedPatientsModule

/// What a request or a message costs in round trips to the database. What relays and consumers do in the background is
/// left out; so are sessions being made, as each step is done once before it is noted.
@Suite("Round trips, as they were written down")
struct RoundTripTests {
  /// The name of what is done, and a way to do it that can be gone twice.
  private struct Step {
    let name: String
    let prepare: (RunningGateway, _ round: Int) async throws -> Void
    let act: (RunningGateway, _ round: Int) async throws -> Int

    init(
      _ name: String,
      prepare: @escaping (RunningGateway, Int) async throws -> Void = { _, _ in },
      _ act: @escaping (RunningGateway, Int) async throws -> Int
    ) {
      (self.name, self.prepare, self.act) = (name, prepare, act)
    }
  }

  /// Statements of the background: the relay, queues in the database, listening, and what makes a session.
  private static func isBackground(_ statement: String) -> Bool {
    let names = [
      "outbox_", "queue_", "topic_", "broker_", "lease_", "session", "backend_pid", "notify",
      "schema_", "counts_",
      "select set_config", "select (extract(epoch from pg_postmaster_start_time()",
    ]
    return !statement.hasPrefix("outbox_append")
      && (names.contains { statement.hasPrefix($0) } || statement.lowercased().hasPrefix("listen"))
  }

  private static func endsTransaction(_ statement: String) -> Bool {
    ["commit", "rollback"].contains(statement.lowercased())
  }

  /// The round trips that are not of the background. What a session does between the beginning of a transaction and its
  /// end belongs together.
  private static func foreground(_ trips: [DatabaseTap.RoundTrip]) -> [[String]] {
    var kept: [Int: [String]] = [:]
    for (_, own) in Dictionary(grouping: trips.indices, by: { trips[$0].session }) {
      var group: [Int] = []
      for index in own {
        group.append(index)
        let isInTransaction = group.contains {
          trips[$0].statements.contains { $0.lowercased().hasPrefix("begin") }
        }
        guard !isInTransaction || trips[index].statements.contains(where: endsTransaction) else { continue }
        // Reads of several callers may travel together; a transaction is one's own.
        let isBackgrounds =
          isInTransaction && group.contains { trips[$0].statements.contains(where: isBackground) }
        for index in group where !isBackgrounds {
          let own = trips[index].statements.filter { !isBackground($0) }
          if !own.isEmpty, isInTransaction || !own.allSatisfy(endsTransaction) { kept[index] = own }
        }
        group = []
      }
    }
    return kept.sorted { $0.key < $1.key }.map(\.value)
  }

  private static func note(_ steps: [Step], _ gateway: RunningGateway, _ tap: DatabaseTap) async throws
    -> String
  {
    var text: [String] = []
    for step in steps {
      // Each of the two loops has its own sessions, which a first use makes ready.
      for round in 0..<4 {
        try await step.prepare(gateway, round)
        _ = await tap.take()
        let status = try await step.act(gateway, round)
        #expect(status < 400, "\(step.name)")
        let trips = foreground(await tap.take())
        guard round == 3 else { continue }
        text.append("\(step.name): \(trips.count)")
        text += trips.map { "  " + $0.joined(separator: ", ") }
      }
    }
    return text.joined(separator: "\n")
  }

  private static func number(_ letter: String, _ round: Int) -> String { "\(letter)100\(round)BC" }

  private static func body(_ round: Int, _ letter: String) -> String {
    CreateTests.body(first: number(letter, round), second: "D5678EF")
  }

  private static func open(_ gateway: RunningGateway, _ round: Int, _ letter: String) async throws {
    try await gateway.database.insertOpen(number(letter, round), "D5678EF")
  }

  /// The row that was inserted last.
  private static func last(_ gateway: RunningGateway) async throws -> String {
    try await gateway.database.row("select max(id) from non_association")
  }

  @Test("of non-associations' requests and messages")
  func nonAssociations() async throws {
    let path = "/non-associations/"
    var id = ""
    let steps = [
      Step(
        "read one",
        prepare: { id = "\(try await $0.database.insertOpen(Self.number("A", $1), "D5678EF"))" }
      ) {
        gateway,
        _ in try await gateway.get(path + id, token: gateway.reader()).status
      },
      Step("history") { gateway, _ in
        try await gateway.get(path + id + "/history", token: gateway.reader()).status
      },
      Step("a prisoner's list") { gateway, _ in
        try await gateway.get("/prisoner/A1000BC/non-associations", token: gateway.reader()).status
      },
      Step("page") { gateway, _ in try await gateway.get("/non-associations", token: gateway.reader()).status
      },
      Step("between") { gateway, _ in
        try await gateway.post(
          "/non-associations/between",
          #"["A1000BC","D5678EF"]"#,
          token: gateway.reader()
        ).status
      },
      Step("involving") { gateway, _ in
        try await gateway.post("/non-associations/involving", #"["A1000BC"]"#, token: gateway.reader()).status
      },
      Step("create") { gateway, round in
        try await gateway.post("/non-associations", Self.body(round, "B"), token: gateway.writer()).status
      },
      Step("patch") { gateway, _ in
        try await gateway.patch(path + Self.last(gateway), #"{"comment":"new"}"#, token: gateway.writer())
          .status
      },
      Step("close", prepare: { try await Self.open($0, $1, "C") }) { gateway, _ in
        try await gateway.put(
          path + Self.last(gateway) + "/close",
          #"{"closedReason":"fine"}"#,
          token: gateway.writer()
        )
        .status
      },
      Step(
        "reopen",
        prepare: { gateway, round in
          try await gateway.database.insertClosed(Self.number("E", round), "D5678EF")
        }
      ) { gateway, _ in
        try await gateway.put(
          path + Self.last(gateway) + "/reopen",
          #"{"reopenReason":"bad"}"#,
          token: gateway.reopener()
        ).status
      },
      Step("delete", prepare: { try await Self.open($0, $1, "F") }) { gateway, _ in
        try await gateway.post(
          path + Self.last(gateway) + "/delete",
          #"{"deletionReason":"wrong","staffUserNameRequestingDeletion":"U"}"#,
          token: gateway.deleter()
        ).status
      },
      Step("message: merge", prepare: { try await Self.open($0, $1, "G") }) { gateway, round in
        try await handle(
          ConsumedTests.merged(Self.number("G", round), Self.number("H", round)),
          gateway
        )
      },
      Step("message: merge of a prisoner with nothing") { gateway, round in
        try await handle(
          ConsumedTests.merged(Self.number("I", round), Self.number("J", round)),
          gateway
        )
      },
    ]
    try await withTap { gateway, tap in
      gateway.search.answerAnyone(in: "MDI")
      try Golden.check(try await Self.note(steps, gateway, tap), "round-trips-non-associations.txt")
    }
  }

  @Test("of restricted patients' requests and messages")
  func restrictedPatients() async throws {
    let number = { (round: Int) in Self.number("A", round) }
    let patient = { (gateway: RunningGateway, round: Int) async throws in
      try await gateway.database.run("truncate restricted_patients")
      try await gateway.database.insertPatient(number(round))
    }
    let elsewhere = { (gateway: RunningGateway, round: Int) async throws in
      try await gateway.database.run("truncate restricted_patients")
      try await gateway.database.insertPatient(number(round), prison: "LEI")
    }
    let nobody = { (gateway: RunningGateway, _: Int) async throws in
      try await gateway.database.run("truncate restricted_patients")
    }
    let steps = [
      Step("read one", prepare: patient) { try await $0.patient(number($1)).status },
      Step("list") { gateway, _ in
        try await gateway.get("/restricted-patients", token: gateway.reader()).status
      },
      Step("discharge", prepare: nobody) { gateway, round in
        gateway.prisonAPI.stubBooking(number(round))
        gateway.prisonAPI.stubDischarge(number(round))
        return try await gateway.discharge(Patients.dischargeBody(number(round))).status
      },
      Step("migrate in", prepare: nobody) { gateway, round in
        gateway.prisonAPI.stubMovements(ScriptedUpstream.movement(["offenderNo": number(round)]))
        gateway.prisonAPI.stubDischarge(number(round))
        return try await gateway.migrate(number(round)).status
      },
      Step("remove", prepare: patient) { gateway, round in
        gateway.search.answer(inTurn: [(200, "[\(Patients.found(number(round)))]")])
        gateway.prisonAPI.stub(ScriptedUpstream.release)
        return try await gateway.removePatient(number(round)).status
      },
      Step("message: released to hospital", prepare: nobody) { gateway, round in
        gateway.prisonAPI.stubMovements(ScriptedUpstream.movement(["offenderNo": number(round)]))
        return try await handle(ConsumedEventTests.released(number(round)), gateway.domainEvents)
      },
      Step("message: received", prepare: patient) { gateway, round in
        try await handle(ConsumedEventTests.reception(number: number(round)), gateway.offenderEvents)
      },
      Step("message: merge, which waits for a person", prepare: patient) { gateway, round in
        let message = ConsumedEventTests.merged(number(round), Self.number("B", round))
        await #expect(throws: MergeNotImplemented.self) { try await gateway.domainEvents.handle(message) }
        return 0
      },
      Step("message: merge of a prisoner with nothing", prepare: nobody) { gateway, round in
        try await handle(
          ConsumedEventTests.merged(number(round), Self.number("B", round)),
          gateway.domainEvents
        )
      },
      Step("change supporting prison", prepare: elsewhere) { try await $0.changePrison(number($1)).status },
    ]
    try await withTap(at: Patients.clock) { gateway, tap in
      gateway.prisonAPI.stubLists()
      gateway.prisonAPI.stub(
        ScriptedUpstream.agency("MDI"),
        200,
        ScriptedUpstream.agencyJSON("MDI", "Moorland (HMP & YOI)", "INST")
      )
      gateway.prisonAPI.stub(
        ScriptedUpstream.agency("HAZLWD"),
        200,
        ScriptedUpstream.agencyJSON("HAZLWD", "Hazelwood House", "HSHOSP")
      )
      try Golden.check(try await Self.note(steps, gateway, tap), "round-trips-restricted-patients.txt")
    }
  }
}

private func handle(_ message: ReceivedMessage, _ consumer: BusBridge) async throws -> Int {
  try await consumer.handle(message)
  return 0
}

private func handle(_ body: String, _ gateway: RunningGateway) async throws -> Int {
  try await handle(
    ReceivedMessage(id: "1", receipt: "1", body: Array(body.utf8), receiveCount: 1),
    BusBridge(.nonAssociations, to: gateway.application.bus)
  )
}

/// A gateway whose way to its database is tapped.
private func withTap(
  at time: String = "2023-12-05T12:34:56.123456Z",
  _ body: (RunningGateway, DatabaseTap) async throws -> Void
) async throws {
  let database = try await World.makeDatabase()
  let result: Result<Void, any Error>
  do {
    try await DatabaseTap.run(database) { tap, url in
      try await withGateway(at: time, on: database, settings: ["DATABASE_URL": url], patientsOutbox: nil) {
        (gateway) async throws in
        try await body(gateway, tap)
      }
    }
    result = .success(())
  } catch {
    result = .failure(error)
  }
  World.drop(database)
  try result.get()
}
