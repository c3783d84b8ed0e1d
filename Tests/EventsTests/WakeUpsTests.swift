import EventLoops
import Postgres
import Testing
import Time

@testable import Events

@Suite struct WakeUpsTests {
  private func notify(_ test: TestDatabase, _ payload: String) async throws {
    let statement = PostgresStatement(name: "notify", sql: "select pg_notify('test_channel', $1)")
    try await test.observer.withTransaction(deadline: .soon) { transaction in
      _ = try await transaction.query(statement, [.text(payload)])
    }
  }

  @Test("no notification is missed, whichever loop waits for it")
  func missesNothing() async throws {
    try await TestDatabase.run { test in
      for loop in Loops.shared.loops {
        let wakeUps = WakeUps(database: test.database, channel: "test_channel", loop: loop)
        var generation = await wakeUps.generation(of: "a")
        for number in 1...500 {
          let notified = Task(executorPreference: Loops.shared.loops[number % 2]) {
            try await notify(test, "a")
          }
          // As long as the other takes, so that both arrive together.
          try await notify(test, "b")
          let end = MonotonicInstant.soon
          await wakeUps.wait(for: "a", after: generation, until: end)
          try #require(.now() < end, "missed notification \(number)")
          try await notified.value
          generation = await wakeUps.generation(of: "a")
        }
        await wakeUps.stop()
      }
    }
  }

  @Test("a wait ends in time, on cancellation, and when the server was away; another key does not end it")
  func ends() async throws {
    try await TestDatabase.run { test in
      let wakeUps = WakeUps(database: test.database, channel: "test_channel", loop: Loops.shared.loops[1])
      let first = await wakeUps.generation(of: "a")
      try await eventually("it listens") { await wakeUps.generation(of: "a") != first }
      let generation = await wakeUps.generation(of: "a")
      try await notify(test, "b")
      try await eventually("the other key is heard") { await wakeUps.generation(of: "b") != generation }
      let soon = MonotonicInstant.now() + .milliseconds(20)
      await wakeUps.wait(for: "a", after: generation, until: soon)
      #expect(soon <= .now())
      #expect(await wakeUps.generation(of: "a") == generation)
      let far = MonotonicInstant.now() + .seconds(3600)
      let waiting = Task { await wakeUps.wait(for: "a", after: generation, until: far) }
      waiting.cancel()
      await waiting.value
      let hearing = Task { await wakeUps.wait(for: "a", after: generation, until: far) }
      try await test.killBackends()
      await hearing.value
      #expect(await wakeUps.generation(of: "a") != generation)
      await wakeUps.stop()
    }
  }
}
