import TestKit
import Testing

@Suite("No number of messages that cannot be handled makes a consumer deaf")
struct PoisonTests {
  private struct Queue {
    var name: String
    /// Fails each time.
    var failing: String
    /// Of a prisoner; changes what `isDone` looks at.
    var good: (String) throws -> String
    var prepare: (String) async throws -> Void
    var isDone: (String) async throws -> Bool
  }

  @Test(
    "A thousand on each queue, of three kinds: the good ones between and after them are handled, all places are free"
  )
  func thousand() async throws {
    try await MessagingWorld.run(.inProcess) { (world) async throws in
      let queues = try await Self.queues(world)
      for queue in queues {
        try await queue.prepare("G1000GG")
        try await Self.send(500, queue, world)
        try await world.client.send(queue.good("G1000GG"), [:], to: queue.name)
        try await Self.send(500, queue, world)
      }
      for queue in queues {
        try await eventually("the message behind the poison is done", within: .seconds(120)) {
          try await queue.isDone("G1000GG")
        }
        // A third is of a type that nobody knows, and acknowledged.
        try await eventually("all poison is dead letters", within: .seconds(120)) {
          let dead = try await world.client.counts(of: world.names.deadLetters(of: queue.name))
          return try await world.client.counts(of: queue.name) == (0, 0) && dead == (666, 0)
        }
      }
      let metrics = try ScrapedMetrics(try await world.gateway.get("/metrics").body)
      let inProgress = metrics.samples.filter { $0.name == "events_in_progress" }
      #expect(inProgress.count == queues.count)
      #expect(inProgress.allSatisfy { Double($0.value) == 0 })
      for queue in queues {
        try await queue.prepare("G2000GG")
        try await world.client.send(queue.good("G2000GG"), [:], to: queue.name)
        try await eventually("the next message is done") { try await queue.isDone("G2000GG") }
      }
    }
  }

  private static func queues(_ world: MessagingWorld) async throws -> [Queue] {
    func sample(_ name: String, _ number: String, instead: String) throws -> String {
      try Sample.compact("consumed/\(name).json").replacing(number, with: instead)
    }
    func isNoPatient(_ number: String) async throws -> Bool {
      try await world.database.count("restricted_patients where prisoner_number = '\(number)'") == 0
    }
    // PostgreSQL refuses a number of that length; restricted patients leaves the merge of a patient to a person.
    try await world.database.insertOpen("A1111AA", "C3333CC")
    try await world.database.insertPatient("A1111AA")
    return [
      Queue(
        name: world.names.nonAssociations,
        failing: ConsumedTests.merged("A1111AA", "B2222BB-TOO-LONG"),
        good: { ConsumedTests.merged($0, "H\($0.dropFirst())") },
        prepare: { _ = try await world.database.insertOpen($0, "C3333CC") },
        isDone: { number in
          try await world.database.count(
            "non_association where first_prisoner_number = 'H\(number.dropFirst())'"
          ) == 1
        }
      ),
      Queue(
        name: world.names.patients,
        failing: try Sample.compact("consumed/prisoner.merged.json"),
        good: { try sample("prisoner.received", "C3333CC", instead: $0) },
        prepare: { try await world.database.insertPatient($0) },
        isDone: isNoPatient
      ),
      Queue(
        name: world.names.movements,
        failing: #"{"Message":"{\"eventType\":\"OFFENDER_MOVEMENT-RECEPTION\"}","MessageAttributes":{}}"#,
        good: { try sample("OFFENDER_MOVEMENT-RECEPTION", "D4444DD", instead: "Q\($0.dropFirst())") },
        prepare: { try await world.database.insertPatient("Q\($0.dropFirst())") },
        isDone: { try await isNoPatient("Q\($0.dropFirst())") }
      ),
    ]
  }

  /// A third each that fails, cannot be read, and is of an unknown type.
  private static func send(_ count: Int, _ queue: Queue, _ world: MessagingWorld) async throws {
    let unknown = try Sample.compact("consumed/unknown-event-type.json")
    try await world.database.run(
      """
      insert into gateway_queue_message (queue, body, attributes)
      select '\(queue.name)',
        case n % 3 when 0 then '{' when 1 then $body$\(queue.failing)$body$ else $body$\(unknown)$body$ end, '{}'
      from generate_series(1, \(count)) n;
      select pg_notify('gateway_queue', '\(queue.name)')
      """
    )
  }
}
