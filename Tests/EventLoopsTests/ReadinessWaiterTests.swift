import Testing
import Time

@testable import EventLoops

@Suite("Waiting for readiness")
struct ReadinessWaiterTests {
  private static func wait(
    _ waiter: ReadinessWaiter,
    for readiness: Readiness = .readable,
    until deadline: MonotonicInstant?,
    meanwhile: () -> Void = {}
  ) async -> StreamError? {
    await withUnsafeContinuation { continuation in
      waiter.begin(continuation, for: readiness, loop: Loops.first, deadline: deadline)
      meanwhile()
    }
  }

  @Test("a wait does not end at the deadline of an earlier one, whose timer is still set")
  func laterDeadline() async throws {
    try await onLoop {
      let waiter = ReadinessWaiter()
      let first = MonotonicInstant.now() + .milliseconds(20)
      #expect(await Self.wait(waiter, until: first) { waiter.resume(.readable) } == nil)
      let second = first + .milliseconds(30)
      #expect(await Self.wait(waiter, until: second) == .timedOut)
      #expect(MonotonicInstant.now() >= second)
    }
  }

  @Test("a wait ends at its deadline though an earlier one was to go on for longer")
  func soonerDeadline() async throws {
    try await onLoop {
      let waiter = ReadinessWaiter()
      for late in [MonotonicInstant(nanoseconds: .max), .now() + .seconds(3600)] {
        #expect(await Self.wait(waiter, until: late) { waiter.resume(.readable) } == nil)
        #expect(await Self.wait(waiter, until: .now() + .milliseconds(5)) == .timedOut)
      }
    }
  }

  @Test("a wait without a deadline does not end at that of an earlier one")
  func noDeadline() async throws {
    try await onLoop {
      let waiter = ReadinessWaiter()
      let first = MonotonicInstant.now() + .milliseconds(5)
      #expect(await Self.wait(waiter, until: first) { waiter.resume(.readable) } == nil)
      _ = Loops.first.schedule(at: first + .milliseconds(20)) { waiter.resume(.readable) }
      #expect(await Self.wait(waiter, until: nil) == nil)
      #expect(MonotonicInstant.now() >= first + .milliseconds(20))
    }
  }

  @Test("a wait ends by the readiness that it is for, and no other")
  func otherReadiness() async throws {
    try await onLoop {
      let waiter = ReadinessWaiter()
      let error = await Self.wait(waiter, for: .writable, until: .late) {
        waiter.resume(.readable)
        #expect(waiter.isWaiting)
        waiter.resume([.readable, .writable])
        #expect(!waiter.isWaiting)
      }
      #expect(error == nil)
    }
  }

  @Test("a cancellation ends the wait of its ticket, and no other")
  func tickets() async throws {
    try await onLoop {
      let waiter = ReadinessWaiter()
      let stale = waiter.nextTicket()
      let current = waiter.nextTicket()
      let error = await Self.wait(waiter, until: .late) {
        waiter.cancel(ticket: stale)
        #expect(waiter.isWaiting)
        waiter.cancel(ticket: current)
        #expect(!waiter.isWaiting)
      }
      #expect(error == .closed)
    }
  }

  @Test("a close ends the wait, and gives back the timer")
  func close() async throws {
    try await onLoop {
      let waiter = ReadinessWaiter()
      #expect(await Self.wait(waiter, until: .late) { waiter.close() } == .closed)
      waiter.close()
      #expect(!waiter.isWaiting)
    }
  }
}
