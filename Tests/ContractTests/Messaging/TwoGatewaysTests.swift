import Foundation
import ServerTestKit
import TestKit
import Testing

/// Releases to hospital are what the gateways handle: each asks prison API about its prisoner, so that prison API knows
/// who was handled, how often, and how many at once. Each gateway has ten in flight at most.
@Suite("Two gateways, each a process, share a database and its queues")
struct TwoGatewaysTests {
  private static let heldByBoth = 20

  @Test("No message is handled twice and no event published twice, while both are at work")
  func share() async throws {
    try await Self.withWork { (world) async throws in
      try await GatewayProcess.run(beside: world.gateway) { (_) async throws in
        try await Self.release(300, world)
        try await Self.bothHaveTheirHandsFull(world)
        world.gateway.prisonAPI.letGo()
        world.gateway.search.answerAnyone(in: "MDI")
        let token = try world.token(["WRITE_NON_ASSOCIATIONS"], user: "U")
        for number in 1000..<1100 {
          let body = CreateTests.body(second: "K\(number)KK")
          #expect(try await world.write("POST", "/non-associations", body, token).status == 201)
        }
        try await Self.allIsDone(300, events: 400, world)
      }
      #expect(Self.handled(world).allSatisfy { $0.value == 1 })
      #expect(try await Self.deliveries(world) == "300 1")
    }
  }

  @Test("Told to stop, one finishes what it has in flight, and nobody does it again")
  func stopped() async throws {
    try await Self.withWork { (world) async throws in
      try await GatewayProcess.run(beside: world.gateway) { (other) async throws in
        try await Self.release(60, world)
        try await Self.bothHaveTheirHandsFull(world)
        other.send(SIGTERM)
        try await other.says("stopping")
        world.gateway.prisonAPI.letGo()
        #expect(try await other.status() == 0)
        try await other.says("stopped")
      }
      try await Self.allIsDone(60, events: 60, world)
      #expect(Self.handled(world).allSatisfy { $0.value == 1 })
      #expect(try await Self.deliveries(world) == "60 1")
    }
  }

  @Test("What a killed one had in flight the other does, without help")
  func killed() async throws {
    try await Self.withWork { (world) async throws in
      try await GatewayProcess.run(beside: world.gateway) { (other) async throws in
        try await Self.release(60, world)
        try await Self.bothHaveTheirHandsFull(world)
        other.send(SIGKILL)
        #expect(try await other.status() == SIGKILL)
      }
      world.gateway.prisonAPI.letGo()
      // What it had is hidden for half a minute.
      try await Self.allIsDone(60, events: 60, world)
      let handled = Self.handled(world)
      #expect(handled.values.count { $0 == 2 } == Self.heldByBoth / 2)
      #expect(handled.values.count { $0 == 1 } == 60 - Self.heldByBoth / 2)
      #expect(try await Self.deliveries(world) == "60 2")
    }
  }

  // MARK: Work

  /// A gateway of this process whose prison API keeps everybody waiting, and a record of how often each message had been
  /// delivered when it was deleted.
  private static func withWork(_ body: (MessagingWorld) async throws -> Void) async throws {
    try await MessagingWorld.run(.inProcess) { (world) async throws in
      world.gateway.prisonAPI.stubMovements(ScriptedUpstream.movement())
      world.gateway.prisonAPI.stub(
        ScriptedUpstream.agency("HAZLWD"),
        200,
        ScriptedUpstream.agencyJSON("HAZLWD", "Hazelwood House", "HSHOSP")
      )
      world.gateway.prisonAPI.hold(ScriptedUpstream.movements)
      try await world.database.run(
        """
        create table deliveries (queue text, message_id uuid, count integer);
        create function record_deliveries() returns trigger language plpgsql as $$
          begin
            insert into deliveries values (old.queue, old.message_id, old.receive_count);
            return null;
          end $$;
        create trigger record_deliveries after delete on gateway_queue_message
          for each row execute function record_deliveries()
        """
      )
      try await body(world)
    }
  }

  /// Sends a message for each of so many prisoners, all at once.
  static func release(_ count: Int, _ world: MessagingWorld) async throws {
    let body = try Sample.compact("consumed/search.prisoner.released.message-only.json")
    let parts = body.components(separatedBy: "D4444DD")
    try #require(parts.count == 2)
    try await world.database.run(
      """
      insert into gateway_queue_message (queue, body, attributes)
      select '\(world.names.patients)', $body$\(parts[0])$body$ || 'R' || 1000 + n || 'RR' || $body$\(parts[1])$body$, '{}'
      from generate_series(1, \(count)) n;
      select pg_notify('gateway_queue', '\(world.names.patients)')
      """
    )
  }

  static func bothHaveTheirHandsFull(_ world: MessagingWorld) async throws {
    try await eventually("both gateways ask for movements") {
      world.gateway.prisonAPI.requests.count { $0.call == ScriptedUpstream.movements } == heldByBoth
    }
  }

  /// Waits until all messages are handled and all events published, each of them once.
  private static func allIsDone(_ messages: Int, events: Int, _ world: MessagingWorld) async throws {
    try await eventually("the queue is empty", within: .seconds(120)) {
      try await world.client.counts(of: world.names.patients) == (0, 0)
    }
    #expect(try await world.client.counts(of: world.names.deadLetters(of: world.names.patients)) == (0, 0))
    #expect(try await world.database.count("restricted_patients") == messages)
    #expect(handled(world).count == messages)
    try await eventually("everything is published", within: .seconds(60)) {
      try await world.database.count("gateway_outbox where published_at is null") == 0
    }
    #expect(try await world.database.count("gateway_outbox where kind = 'event'") == events)
    let published = try await world.client.take(from: world.names.subscriber)
      .compactMap { try JSON(parsing: Array($0.body.utf8))["Message"]?.text }
    #expect(published.count == events)
    #expect(Set(published).count == events)
  }

  /// The bodies of the questions about releases, each with a prisoner's number, and how often each was asked.
  private static func handled(_ world: MessagingWorld) -> [String: Int] {
    world.gateway.prisonAPI.requests.filter { $0.call == ScriptedUpstream.movements }
      .reduce(into: [:]) { $0[$1.body, default: 0] += 1 }
  }

  /// How many messages were deleted, and how often the one was delivered that was delivered most often.
  private static func deliveries(_ world: MessagingWorld) async throws -> String {
    try await world.database.row(
      """
      select count(distinct message_id) || ' ' || max(count) from deliveries where queue = '\(world.names.patients)'
      """
    )
  }
}
