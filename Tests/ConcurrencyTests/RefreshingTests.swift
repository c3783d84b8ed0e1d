import Concurrency
import Synchronization
import TestKit
import Testing
import Time

@Suite struct RefreshingTests {
  private enum Trouble: Error, Equatable {
    case away
    case timedOut
    case cancelled
  }

  /// A source that numbers what it gives, fails when told to, and keeps its callers waiting while it is held.
  private final class Source: Sendable {
    private struct State {
      var loads = 0
      var isAway = false
      var isHeld = false
      var held: [UnsafeContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    let clock = ManualClock()

    var waiting: Int { state.withLock(\.held.count) }
    func isAway(_ isAway: Bool) { state.withLock { $0.isAway = isAway } }
    func hold() { state.withLock { $0.isHeld = true } }
    func release() {
      let held = state.withLock { state in
        state.isHeld = false
        defer { state.held = [] }
        return state.held
      }
      for continuation in held { continuation.resume() }
    }

    func load() async throws(Trouble) -> Int {
      let number = state.withLock { state in
        state.loads += 1
        return state.loads
      }
      await withUnsafeContinuation { continuation in
        let isHeld = state.withLock { state in
          if state.isHeld { state.held.append(continuation) }
          return state.isHeld
        }
        if !isHeld { continuation.resume() }
      }
      if state.withLock(\.isAway) { throw .away }
      return number
    }

    /// Due after 10 s, stale after 20, of no use after 30.
    func refreshing(_ change: (inout RefreshPolicy<Int>) -> Void = { _ in }) -> Refreshing<Int, Trouble> {
      var policy = RefreshPolicy<Int>(timeout: .seconds(5)) { loaded in
        Lifetime(
          due: loaded.ended + .seconds(10),
          stale: loaded.ended + .seconds(20),
          end: loaded.ended + .seconds(30)
        )
      }
      change(&policy)
      return Refreshing(policy, clock: clock) { (_) async throws(Trouble) in try await self.load() }
    }
  }

  private let source = Source()

  private func value(
    _ refreshing: Refreshing<Int, Trouble>,
    within time: Duration = .seconds(3)
  ) async -> Result<Int, Trouble> {
    do throws(Refreshing<Int, Trouble>.Unavailable) {
      return .success(try await refreshing.value(before: source.clock.now() + time))
    } catch {
      switch error {
      case .failed(let trouble): return .failure(trouble)
      case .timedOut: return .failure(.timedOut)
      case .cancelled: return .failure(.cancelled)
      }
    }
  }

  @Test("A value is fetched when it is first needed, once for all, and kept")
  func once() async throws {
    let refreshing = source.refreshing()
    #expect(refreshing.status.loads == 0)
    source.hold()
    let all = (0..<50).map { _ in Task { await value(refreshing) } }
    try await eventually("all wait") { source.clock.timers == 50 }
    source.release()
    for task in all { #expect(await task.value == .success(1)) }
    source.clock.advance(by: .seconds(9))
    #expect(await value(refreshing) == .success(1))
    #expect(refreshing.status.loads == 1)
  }

  @Test(
    "Who wants a value whose load began since waits for one, though there is a newer one than needed, and a pause"
  )
  func begunSince() async throws {
    let refreshing = source.refreshing {
      $0.backOff = BackOff(initial: .seconds(60), maximum: .seconds(60), hasJitter: false)
    }
    let clock = source.clock
    @Sendable func value(since instant: MonotonicInstant) async -> Result<Int, Trouble> {
      do throws(Refreshing<Int, Trouble>.Unavailable) {
        return .success(try await refreshing.value(begunSince: instant, before: clock.now() + .seconds(3)))
      } catch {
        switch error {
        case .failed(let trouble): return .failure(trouble)
        case .timedOut: return .failure(.timedOut)
        case .cancelled: return .failure(.cancelled)
        }
      }
    }
    let start = clock.now()
    for _ in 0..<2 { #expect(await value(since: start) == .success(1)) }
    clock.advance(by: .seconds(1))
    source.hold()
    let early = clock.now()
    let first = Task { await value(since: early) }
    try await eventually("one load is in flight") { source.waiting == 1 }
    clock.advance(by: .seconds(1))
    let late = clock.now()
    let second = Task { await value(since: late) }
    try await eventually("both wait for it") { clock.timers == 2 }
    source.release()
    #expect(await first.value == .success(2))
    #expect(await second.value == .success(3))
    source.isAway(true)
    clock.advance(by: .seconds(1))
    for _ in 0..<2 { #expect(await value(since: clock.now()) == .failure(.away)) }
    #expect(await self.value(refreshing) == .success(3))
    source.isAway(false)
    #expect(await value(since: clock.now()) == .success(6))
  }

  @Test("A value that is due is replaced in the background, while it is used")
  func due() async throws {
    let refreshing = source.refreshing()
    #expect(await value(refreshing) == .success(1))
    source.hold()
    source.clock.advance(by: .seconds(10))
    for _ in 0..<5 { #expect(await value(refreshing) == .success(1)) }
    try await eventually("one load is in flight") { source.waiting == 1 }
    source.release()
    try await eventually("the next is in use") { refreshing.status.latest?.value == 2 }
    #expect(await value(refreshing) == .success(2))
    #expect(refreshing.status.loads == 2)
  }

  @Test(
    "Callers wait for another in place of a stale value, and have it if no other can be had, until its end"
  )
  func stale() async throws {
    let refreshing = source.refreshing()
    #expect(await value(refreshing) == .success(1))
    source.isAway(true)
    source.clock.advance(by: .seconds(20))
    #expect(await value(refreshing) == .success(1))
    source.clock.advance(by: .seconds(10))
    #expect(await value(refreshing) == .failure(.away))
    source.isAway(false)
    #expect(await value(refreshing) == .success(4))
    #expect(refreshing.status.failedLoads == 2)
  }

  @Test("After a failure the next load in the background waits for the pause, and who has no value does not")
  func backOff() async throws {
    let refreshing = source.refreshing {
      $0.backOff = BackOff(initial: .seconds(4), maximum: .seconds(60), hasJitter: false)
    }
    #expect(await value(refreshing) == .success(1))
    source.isAway(true)
    source.clock.advance(by: .seconds(10))
    for failures in 1...2 {
      #expect(await value(refreshing) == .success(1))
      try await eventually("a load has failed") { refreshing.status.failedLoads == failures }
      source.clock.advance(by: .seconds(3))
      #expect(await value(refreshing) == .success(1))
      #expect(refreshing.status.loads == failures + 1)
      source.clock.advance(by: .seconds(1))
    }
    source.clock.advance(by: .seconds(60))
    #expect(await value(refreshing) == .failure(.away))
    #expect(await value(refreshing) == .failure(.away))
    #expect(refreshing.status.loads == 5)
  }

  @Test("A failure that is kept is told at once while the pause lasts")
  func keptFailure() async throws {
    let refreshing = source.refreshing {
      $0.backOff = BackOff(initial: .seconds(4), maximum: .seconds(60), hasJitter: false)
      $0.isFailureKept = true
    }
    source.isAway(true)
    #expect(await value(refreshing) == .failure(.away))
    source.isAway(false)
    source.clock.advance(by: .seconds(3))
    #expect(await value(refreshing) == .failure(.away))
    #expect(refreshing.status.loads == 1)
    source.clock.advance(by: .seconds(1))
    #expect(await value(refreshing) == .success(2))
  }

  @Test("A reload asks for another value, but not sooner than it may")
  func reload() async throws {
    let refreshing = source.refreshing {
      $0.leastInterval = .seconds(5)
      $0.leastIntervalWithoutValue = .seconds(1)
    }
    func reload() async -> String {
      "\(await refreshing.reload(before: source.clock.now() + .seconds(1)))"
    }
    source.isAway(true)
    #expect(await reload() == "ended")
    #expect(await reload() == "pausing")
    source.isAway(false)
    source.clock.advance(by: .seconds(1))
    #expect(await reload() == "ended")
    source.clock.advance(by: .seconds(4))
    #expect(await reload() == "pausing")
    refreshing.refreshSoon()
    refreshing.refreshIfDue()
    #expect(refreshing.status.loads == 2)
    source.clock.advance(by: .seconds(1))
    refreshing.refreshIfDue()
    try await eventually("it was loaded in the background") { refreshing.status.latest?.value == 3 }
    source.hold()
    source.clock.advance(by: .seconds(5))
    let impatient = Task { await reload() }
    try await eventually("it waits") { source.clock.timers == 1 }
    source.clock.advance(by: .seconds(1))
    #expect(await impatient.value == "interrupted")
    source.release()
  }

  @Test("Who gives up or is cancelled disturbs nobody, and a load that never ends is replaced")
  func givingUp() async throws {
    let refreshing = source.refreshing()
    source.hold()
    let impatient = Task { await value(refreshing, within: .seconds(1)) }
    let cancelled = Task { await value(refreshing) }
    let patient = Task { await value(refreshing, within: .seconds(60)) }
    try await eventually("all wait") { source.clock.timers == 3 }
    cancelled.cancel()
    #expect(await cancelled.value == .failure(.cancelled))
    source.clock.advance(by: .seconds(1))
    #expect(await impatient.value == .failure(.timedOut))
    source.clock.advance(by: .seconds(5))
    let next = Task { await value(refreshing) }
    try await eventually("another load is in flight") { source.waiting == 2 }
    source.release()
    #expect(await next.value == .success(2))
    #expect(await patient.value == .success(1))
    #expect(refreshing.status.latest?.value == 2)
  }

  @Test("A value that was not taken is replaced, unless it is new; as a last resort it is used all the same")
  func replaced() async throws {
    let refreshing = source.refreshing()
    func replace(_ meant: Int, isLastResort: Bool) -> Bool {
      refreshing.replace(ifOlderThan: .seconds(2), isLastResort: isLastResort) { $0 == meant }
    }
    #expect(await value(refreshing) == .success(1))
    #expect(!replace(1, isLastResort: true))
    #expect(replace(0, isLastResort: true), "replaced already")
    source.clock.advance(by: .seconds(2))
    source.isAway(true)
    #expect(replace(1, isLastResort: true))
    #expect(await value(refreshing) == .success(1))
    #expect(replace(1, isLastResort: false))
    #expect(await value(refreshing) == .failure(.away))
    source.isAway(false)
    #expect(await value(refreshing) == .success(4))
  }
}
