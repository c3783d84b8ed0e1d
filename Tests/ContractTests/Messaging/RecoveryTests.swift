import Postgres
import ServiceKit
import TestKit
import Testing

@testable import Gateway

@Suite("Events flow again, without help, after what happens to a database")
struct RecoveryTests {
  private static let fault: [(name: String, happens: @Sendable (MessagingWorld) async throws -> Void)] = [
    ("backends are killed, again and again", killBackends),
    ("the database lets nobody in", refuseConnections),
    ("every connection of the pools waits for a lock", exhaustPool),
    ("a transaction stays open", idleTransaction),
  ]

  @Test(
    "A change is published and a message handled after each fault, and no connection stays away",
    arguments: 0..<4
  )
  func faults(number: Int) async throws {
    let settings = ["DATABASE_WRITE_CONNECTIONS": "1", "DATABASE_LEASE_TIMEOUT": "1s"]
    try await MessagingWorld.run(.inProcess, settings: settings) { (world) async throws in
      world.gateway.search.answerAnyone(in: "MDI")
      try await Self.flows(world, "A")
      try await Self.fault[number].happens(world)
      try await Self.flows(world, "B")
      try await eventually("every connection is given back") {
        let pools = await world.gateway.application.database.statistics()
        return pools.transactions.inUse == 0 && pools.transactions.waiting == 0 && pools.reads.inFlight == 0
      }
    }
  }

  @Test(
    "Merges that wait for another replica leave half of the connections to those who need no such lock",
    arguments: [2, 4]
  )
  func heldMergeLock(connections: Int) async throws {
    let settings = ["DATABASE_WRITE_CONNECTIONS": "\(connections)"]
    try await MessagingWorld.run(.inProcess, settings: settings) { (world) async throws in
      world.gateway.search.answerAnyone(in: "MDI")
      let other = try await LockingSession(
        "select pg_advisory_xact_lock(hashtext('non_association_number_change'))",
        url: world.database.url
      )
      for number in 0..<10 {
        let merged = ConsumedTests.merged("M\(1000 + number)AA", "N\(1000 + number)BB")
        try await world.client.send(merged, [:], to: world.names.nonAssociations)
      }
      try await eventually("all are taken") {
        try await world.client.counts(of: world.names.nonAssociations) == (0, 10)
      }
      let waiting = "pg_stat_activity where wait_event = 'advisory' and datname = current_database()"
      try await eventually("half of them wait for the lock") {
        try await world.database.count(waiting) == connections / 2
      }
      let token = try world.token(["WRITE_NON_ASSOCIATIONS"], user: "U")
      for number in 0..<16 {
        let body = CreateTests.body(first: "P1111PP", second: "P\(2000 + number)QQ")
        #expect(try await world.write("POST", "/non-associations", body, token).status == 201)
      }
      try await eventually("their events are published") {
        try await world.database.count("gateway_outbox where kind = 'event' and published_at is not null")
          == 16
      }
      #expect(try await world.database.count(waiting) == connections / 2)
      other.letGo()
      try await world.isDrained(world.names.nonAssociations)
    }
  }

  /// A create reaches the subscriber, and a merge its rows. Requests may fail until the database is back.
  private static func flows(_ world: MessagingWorld, _ letter: String) async throws {
    let (old, new) = ("\(letter)1111AA", "\(letter)2222BB")
    let token = try world.token(["WRITE_NON_ASSOCIATIONS"], user: "U")
    try await eventually("a write goes well") {
      let body = CreateTests.body(first: old, second: "\(letter)3333CC")
      let status = try await world.write("POST", "/non-associations", body, token).status
      #expect([201, 409, 500, 503].contains(status))
      return status == 201 || status == 409
    }
    var found: [FoundMessage] = []
    try await eventually("the event of \(old) is published") {
      found += try await world.client.take(from: world.names.subscriber)
      return found.contains { $0.body.contains(old) }
    }
    try await world.client.send(ConsumedTests.merged(old, new), [:], to: world.names.nonAssociations)
    try await eventually("\(old) is merged") {
      try await world.database.count("non_association where first_prisoner_number = '\(new)'") == 1
    }
    try await world.isDrained(world.names.nonAssociations)
  }

  private static let kill = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
    """

  @Sendable private static func killBackends(_ world: MessagingWorld) async throws {
    for _ in 0..<10 { try await world.database.run(kill) }
  }

  @Sendable private static func refuseConnections(_ world: MessagingWorld) async throws {
    try await world.database.refuseConnections()
    let token = try world.token(["READ_NON_ASSOCIATIONS"])
    try await eventually("the database is away") {
      try await world.gateway.get("/non-associations/1", token: token).status >= 500
    }
    let name = world.database.url.split(separator: "/").last ?? ""
    _ = try await Psql.run("alter database \(name) allow_connections true", url: try Psql.serverURL)
  }

  /// More requests than there are connections, all of them held up in the database, with the relay and the consumers.
  @Sendable private static func exhaustPool(_ world: MessagingWorld) async throws {
    let token = try world.token(["WRITE_NON_ASSOCIATIONS"], user: "U")
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask {
        try await world.database.run(
          "begin; lock table gateway_outbox, gateway_queue_message; select pg_sleep(3); commit"
        )
      }
      for number in 0..<30 {
        tasks.addTask {
          let body = CreateTests.body(first: "P1111PP", second: "P\(2000 + number)QQ")
          let status = try await world.write("POST", "/non-associations", body, token).status
          #expect([201, 500, 503].contains(status))
        }
      }
      try await tasks.waitForAll()
    }
  }

  /// Somebody's forgotten session, which keeps an old snapshot and locks of the rows it has read.
  @Sendable private static func idleTransaction(_ world: MessagingWorld) async throws {
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask {
        try await world.database.run(
          "begin isolation level repeatable read; select count(*) from gateway_outbox; select pg_sleep(3); commit"
        )
      }
      try await flows(world, "C")
      try await tasks.waitForAll()
    }
  }
}
