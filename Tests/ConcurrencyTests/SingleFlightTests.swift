import Concurrency
import TestKit
import Testing
import Time

@Suite struct SingleFlightTests {
  private let clock = ManualClock()

  private func flight() -> SingleFlight<Int> {
    SingleFlight(began: clock.now(), deadline: clock.now() + .seconds(10))
  }

  @Test("All who wait get the result, and who comes later too")
  func shared() async throws {
    let flight = flight()
    let deadline = clock.now() + .seconds(1)
    let waiting = (0..<20).map { _ in Task { await flight.outcome(before: deadline, clock: clock) } }
    try await eventually("all wait") { clock.timers == 20 }
    flight.start { 7 }
    for task in waiting { #expect(await task.value.result == 7) }
    #expect(await flight.outcome(before: deadline, clock: clock).result == 7)
    #expect(clock.timers == 0)
  }

  @Test("Each who waits has a deadline of its own")
  func deadlines() async throws {
    let flight = flight()
    let (early, late) = (clock.now() + .seconds(1), clock.now() + .seconds(2))
    let impatient = Task { await flight.outcome(before: early, clock: clock) }
    let patient = Task { await flight.outcome(before: late, clock: clock) }
    try await eventually("both wait") { clock.timers == 2 }
    clock.advance(by: .seconds(1))
    guard case .timedOut = await impatient.value else {
      Issue.record("it did not time out")
      return
    }
    flight.start { 7 }
    #expect(await patient.value.result == 7)
  }

  @Test("A deadline that has passed, or a task cancelled before it waits, ends the wait at once")
  func atOnce() async throws {
    let flight = flight()
    guard case .timedOut = await flight.outcome(before: clock.now(), clock: clock) else {
      Issue.record("it did not time out")
      return
    }
    let (gate, open) = AsyncStream<Never>.makeStream()
    let task = Task {
      for await _ in gate {}
      return await flight.outcome(before: clock.now() + .seconds(1), clock: clock)
    }
    task.cancel()
    open.finish()
    guard case .cancelled = await task.value else {
      Issue.record("it was not cancelled")
      return
    }
    flight.start { 7 }
    #expect(await flight.outcome(before: clock.now() + .seconds(1), clock: clock).result == 7)
  }
}

extension SingleFlight.Outcome {
  fileprivate var result: Value? {
    guard case .finished(let value) = self else { return nil }
    return value
  }
}
