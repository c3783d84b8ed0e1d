import EventLoops
import TestKit
import Testing

@testable import Postgres

@Suite struct NotificationTests {
  private func notify(_ database: PostgresDatabase, _ channel: String, _ payload: String) async throws {
    try await database.withTransaction(deadline: .after(patience)) { transaction in
      _ = try await transaction.query(
        PostgresStatement(name: "notify", sql: "select pg_notify($1, $2)"),
        [.text(channel), .text(payload)]
      )
    }
  }

  @Test("listeners hear their own channel, in order, on one connection", .timeLimit(.minutes(1)))
  func hears() async throws {
    try await TestServer.withDatabase { database async throws in
      var first = try database.listen("Mixed \"case\"").makeAsyncIterator()
      var second = try database.listen("other").makeAsyncIterator()
      #expect(await first.next() == .listening)
      #expect(await second.next() == .listening)
      for number in 0..<100 { try await notify(database, "Mixed \"case\"", "\(number)") }
      try await notify(database, "other", "")
      for number in 0..<100 { #expect(await first.next() == .notified(payload: "\(number)")) }
      #expect(await second.next() == .notified(payload: ""))
      var late = try database.listen("other").makeAsyncIterator()
      #expect(await late.next() == .listening)
      #expect(await database.statistics().listeners == 1)
    }
  }

  @Test(
    "a broken connection is replaced, and listeners are told to look for themselves",
    .timeLimit(.minutes(1))
  )
  func reconnects() async throws {
    try await TestServer.withDatabase { database async throws in
      var listener = try database.listen("channel").makeAsyncIterator()
      #expect(await listener.next() == .listening)
      for number in 0..<3 {
        try await database.terminateBackends()
        #expect(await listener.next() == .listening)
        try await notify(database, "channel", "\(number)")
        #expect(await listener.next() == .notified(payload: "\(number)"))
      }
    }
  }

  @Test(
    "what a transaction has to say is said once it is committed, and not if it is rolled back",
    .timeLimit(.minutes(1))
  )
  func afterCommit() async throws {
    struct Changed: Error {}
    let nothing = PostgresStatement(name: "nothing", sql: "select 1")
    try await TestServer.withDatabase { database async throws in
      var listener = try database.listen("channel").makeAsyncIterator()
      #expect(await listener.next() == .listening)
      await #expect(throws: Changed.self) {
        try await database.withTransaction(deadline: .after(patience)) { transaction in
          _ = try await transaction.query(nothing)
          transaction.notify("channel", "rolled back")
          throw Changed()
        }
      }
      try await database.withTransaction(deadline: .after(patience)) { transaction in
        _ = try await transaction.query(nothing)
        transaction.notify("channel", "committed")
        transaction.notify("channel", "committed")
      }
      #expect(await listener.next() == .notified(payload: "committed"))
      // Of many at once the last is heard, whatever is said of those before.
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        for _ in 0..<50 {
          tasks.addTask {
            try await database.withTransaction(deadline: .after(patience)) { transaction in
              _ = try await transaction.query(nothing)
              transaction.notify("channel", "many")
            }
          }
        }
        try await tasks.waitForAll()
      }
      try await database.withTransaction(deadline: .after(patience)) { transaction in
        _ = try await transaction.query(nothing)
        transaction.notify("channel", "last")
      }
      var heard: [PostgresNotification] = []
      while let notification = await listener.next() {
        if notification == .notified(payload: "last") { break }
        heard.append(notification)
      }
      #expect((1...50).contains(heard.count))
      #expect(heard.allSatisfy { $0 == .notified(payload: "many") })
    }
  }

  @Test(
    "the connection is closed with its last listener, and listeners end with the database",
    .timeLimit(.minutes(1))
  )
  func ends() async throws {
    try await TestServer.withDatabase { database async throws in
      let task = Task {
        for await _ in try database.listen("channel") {}
      }
      try await eventually("it listens") { await database.statistics().listeners == 1 }
      task.cancel()
      try await task.value
      try await eventually("it is closed") { await database.statistics().listeners == 0 }
      var listener = try database.listen("channel").makeAsyncIterator()
      #expect(await listener.next() == .listening)
      await database.shutdown()
      #expect(await listener.next() == nil)
    }
  }

  @Test(
    "names that PostgreSQL would change are refused",
    arguments: ["", "a\0b", String(repeating: "x", count: 64)]
  )
  func badChannel(name: String) throws {
    let database = try PostgresDatabase(
      configuration: PostgresConfiguration(connectionString: "host=/nowhere"),
      group: Loops.shared,
      logger: quiet
    )
    #expect(throws: PostgresError.self) { try database.listen(name) }
  }
}
