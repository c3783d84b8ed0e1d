import Concurrency
import Synchronization
import TestKit
import Testing
import Time

@Suite("Rounds: work that is done again and again")
struct RoundsTests {
  private let clock = ManualClock()
  private let work = Work()

  /// Counts its rounds, which fail when told to, and end at once unless they are held.
  private final class Work: Sendable {
    private struct State {
      var rounds = 0
      var fails = false
      var isHeld = false
      var isReleased = false
      var held: UnsafeContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    var rounds: Int { state.withLock(\.rounds) }
    var isReleased: Bool { state.withLock(\.isReleased) }
    var isHolding: Bool { state.withLock { $0.held != nil } }
    func fails(_ fails: Bool) { state.withLock { $0.fails = fails } }
    func hold() { state.withLock { $0.isHeld = true } }
    func release() {
      let held = state.withLock { state in
        (state.isHeld, state.isReleased) = (false, true)
        defer { state.held = nil }
        return state.held
      }
      held?.resume()
    }

    func round() async -> Bool {
      await withUnsafeContinuation { continuation in
        let isHeld = state.withLock { state in
          state.rounds += 1
          if state.isHeld { state.held = continuation }
          return state.isHeld
        }
        if !isHeld { continuation.resume() }
      }
      return state.withLock { !$0.fails }
    }
  }

  /// Waits until so many rounds have ended and the next waits for its time.
  private func settled(_ rounds: Int) async throws {
    try await eventually("\(rounds) rounds have ended") { work.rounds == rounds && clock.timers == 1 }
  }

  /// Moves the clock to a moment before the pause is over, sees that nothing happens, and to its end.
  private func pass(_ pause: Duration, after rounds: Int) async throws {
    try await settled(rounds)
    clock.advance(by: pause - .milliseconds(1))
    #expect(clock.timers == 1, "the pause after round \(rounds) is shorter than \(pause)")
    clock.advance(by: .milliseconds(1))
    try await settled(rounds + 1)
  }

  @Test("The first comes after an interval, and each further one an interval after the end of the one before")
  func interval() async throws {
    let rounds = Rounds(every: .seconds(10), clock: clock)
    rounds.start { [work] in await work.round() }
    try await pass(.seconds(10), after: 0)
    work.hold()
    clock.advance(by: .seconds(10))
    try await eventually("the second is going on") { work.isHolding }
    clock.advance(by: .seconds(60))
    #expect(clock.timers == 0 && work.rounds == 2, "none begins beside it")
    work.release()
    try await pass(.seconds(10), after: 2)
    await rounds.stop()
  }

  @Test("The first comes at once where it is wanted so")
  func atOnce() async throws {
    let rounds = Rounds(every: .seconds(10), first: .zero, clock: clock)
    rounds.start { [work] in await work.round() }
    try await pass(.seconds(10), after: 1)
    await rounds.stop()
  }

  @Test("After failures the pauses are the back-off's, until one succeeds; then its first pause is the next")
  func backOff() async throws {
    let backOff = BackOff(initial: .seconds(1), maximum: .seconds(3), hasJitter: false)
    let rounds = Rounds(every: .seconds(10), first: .zero, backOff: backOff, clock: clock)
    work.fails(true)
    rounds.start { [work] in await work.round() }
    try await pass(.seconds(1), after: 1)
    try await pass(.seconds(2), after: 2)
    try await settled(3)
    work.fails(false)
    try await pass(.seconds(3), after: 3)
    try await settled(4)
    work.fails(true)
    try await pass(.seconds(10), after: 4)
    try await pass(.seconds(1), after: 5)
    await rounds.stop()
  }

  @Test("Without a back-off a failure changes nothing")
  func failures() async throws {
    let rounds = Rounds(every: .seconds(10), clock: clock)
    work.fails(true)
    rounds.start { [work] in await work.round() }
    for count in 0..<3 { try await pass(.seconds(10), after: count) }
    await rounds.stop()
  }

  @Test("Started twice, it is one")
  func once() async throws {
    let rounds = Rounds(every: .seconds(10), clock: clock)
    for _ in 0..<2 { rounds.start { [work] in await work.round() } }
    try await pass(.seconds(10), after: 0)
    #expect(clock.timers == 1)
    await rounds.stop()
  }

  @Test("A stop ends the pause at once, and waits for the round that is going on; nothing comes after it")
  func stop() async throws {
    let rounds = Rounds(every: .seconds(10), clock: clock)
    rounds.start { [work] in await work.round() }
    try await settled(0)
    await rounds.stop()
    #expect(clock.timers == 0)

    let others = Rounds(every: .seconds(10), first: .zero, clock: clock)
    work.hold()
    others.start { [work] in await work.round() }
    try await eventually("a round is going on") { work.isHolding }
    let stopping = Task { [work] in
      await others.stop()
      return work.isReleased
    }
    others.cancel()
    for _ in 0..<100 { await Task.yield() }
    work.release()
    #expect(await stopping.value, "the stop did not wait for the round")
    #expect(work.rounds == 1 && clock.timers == 0)
  }

  @Test("A pause says whether to go on: by the clock, at once for none, and not for a task that is cancelled")
  func pause() async throws {
    #expect(await clock.pause(for: .zero))
    #expect(await clock.pause(for: .seconds(-1)))
    let (clock, start) = (clock, clock.now())
    let patient = Task { await clock.pause(for: .seconds(5)) }
    try await eventually("it waits") { clock.timers == 1 }
    clock.advance(by: .seconds(5))
    #expect(await patient.value && clock.now() == start + .seconds(5))
    let cancelled = Task { await clock.pause(for: .seconds(5)) }
    try await eventually("it waits") { clock.timers == 1 }
    cancelled.cancel()
    #expect(await !cancelled.value && clock.timers == 0)
    let early = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return await (clock.pause(for: .zero), clock.pause(for: .seconds(5)))
    }
    #expect(await early.value == (false, false))
  }
}
