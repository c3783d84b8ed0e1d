import EventLoops
import Postgres
import TestKit
import Testing
import Time

@testable import Events

@Suite struct ChangeSignalTests {
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
        let signal = ChangeSignal(database: test.database, channel: "test_channel", loop: loop)
        var generation = await signal.generation(of: "a")
        for number in 1...500 {
          let notified = Task(executorPreference: Loops.shared.loops[number % 2]) {
            try await notify(test, "a")
          }
          // As long as the other takes, so that both arrive together.
          try await notify(test, "b")
          let end = MonotonicInstant.soon
          await signal.wait(for: "a", after: generation, until: end)
          try #require(.now() < end, "missed notification \(number)")
          try await notified.value
          generation = await signal.generation(of: "a")
        }
        await signal.stop()
      }
    }
  }

  @Test("a wait ends in time, on cancellation, and when the server was away; another key does not end it")
  func ends() async throws {
    try await TestDatabase.run { test in
      let signal = ChangeSignal(database: test.database, channel: "test_channel", loop: Loops.shared.loops[1])
      let first = await signal.generation(of: "a")
      try await eventually("it listens") { await signal.generation(of: "a") != first }
      let generation = await signal.generation(of: "a")
      try await notify(test, "b")
      try await eventually("the other key is heard") { await signal.generation(of: "b") != generation }
      let soon = MonotonicInstant.now() + .milliseconds(20)
      await signal.wait(for: "a", after: generation, until: soon)
      #expect(soon <= .now())
      #expect(await signal.generation(of: "a") == generation)
      let far = MonotonicInstant.now() + .seconds(3600)
      let waiting = Task { await signal.wait(for: "a", after: generation, until: far) }
      waiting.cancel()
      await waiting.value
      let hearing = Task { await signal.wait(for: "a", after: generation, until: far) }
      try await test.killBackends()
      await hearing.value
      #expect(await signal.generation(of: "a") != generation)
      await signal.stop()
    }
  }
}
