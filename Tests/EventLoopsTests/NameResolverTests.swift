import Dispatch
import Synchronization
import TestKit
import Testing
import Time

@testable import EventLoops

/// A resolver whose look-ups wait for a word, as the system's wait for a DNS server.
private final class SlowNames: Sendable {
  let asked = Mutex<[String]>([])
  let running = Mutex((now: 0, most: 0))
  private let mayAnswer = DispatchSemaphore(value: 0)

  func resolver(threads: Int) -> NameResolver {
    NameResolver(maximumRunning: threads) { [self] host in
      asked.withLock { $0.append(host) }
      running.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
      mayAnswer.wait()
      running.withLock { $0.now -= 1 }
      guard let address = SocketAddress(numeric: "127.0.0.1", port: 0) else {
        return .failure(.nameNotResolved(host: host, reason: "test"))
      }
      return .success([address])
    }
  }

  func answer(_ count: Int) { for _ in 0..<count { mayAnswer.signal() } }
}

@Suite("Name resolution")
struct NameResolverTests {
  private func resolve(
    _ host: String,
    with resolver: NameResolver,
    deadline: MonotonicInstant = .late
  ) -> Task<[String], any Error> {
    let loop = Loops.first
    return Task(executorPreference: loop) {
      try await resolver.resolve(host: host, port: 80, loop: loop, deadline: deadline).map(\.description)
    }
  }

  @Test("gives the addresses with the port asked for")
  func localhost() async throws {
    let addresses = try await resolve("localhost", with: .shared).value
    #expect(!addresses.isEmpty)
    #expect(addresses.allSatisfy { ["127.0.0.1:80", "[::1]:80"].contains($0) })
    #expect(try await resolve("::1", with: .shared).value == ["[::1]:80"])
  }

  @Test("gives up at the deadline while the look-up goes on")
  func deadline() async throws {
    let names = SlowNames()
    let resolver = names.resolver(threads: 1)
    let late = resolve("slow.test", with: resolver, deadline: .now() + .milliseconds(20))
    await #expect(throws: StreamError.timedOut) { try await late.value }
    names.answer(1)
    try await eventually("no look-up runs") { names.running.withLock(\.now) == 0 }
    names.answer(1)
    #expect(try await resolve("slow.test", with: resolver).value == ["127.0.0.1:80"])
  }

  @Test("ends with its task while the look-up goes on, and one cancelled before asks nobody")
  func cancellation() async throws {
    let names = SlowNames()
    let resolver = names.resolver(threads: 1)
    let cancelled = resolve("slow.test", with: resolver)
    try await eventually("a name is asked for") { names.asked.withLock { !$0.isEmpty } }
    cancelled.cancel()
    await #expect(throws: StreamError.closed) { try await cancelled.value }
    let loop = Loops.first
    let before = Task(executorPreference: loop) {
      withUnsafeCurrentTask { $0?.cancel() }
      _ = try await resolver.resolve(host: "never.test", port: 80, loop: loop, deadline: .late)
    }
    await #expect(throws: StreamError.closed) { try await before.value }
    names.answer(1)
    try await eventually("no look-up runs") { names.running.withLock(\.now) == 0 }
    #expect(names.asked.withLock { $0 } == ["slow.test"])
  }

  @Test("runs a bounded number of look-ups at a time, and one for all who ask for a name meanwhile")
  func bounds() async throws {
    let names = SlowNames()
    let resolver = names.resolver(threads: 3)
    let tasks = (0..<60).map { resolve("host\($0 % 10).test", with: resolver) }
    try await eventually("three look-ups run at once") { names.running.withLock(\.now) == 3 }
    // Who asks once a name is answered asks again.
    try await eventually("sixty wait") { resolver.waiting == 60 }
    names.answer(10)
    for task in tasks { #expect(try await task.value == ["127.0.0.1:80"]) }
    #expect(names.running.withLock(\.most) == 3)
    #expect(names.asked.withLock { $0.count } == 10)
  }

  @Test("skips a name that nobody waits for any more")
  func abandoned() async throws {
    let names = SlowNames()
    let resolver = names.resolver(threads: 1)
    let first = resolve("first.test", with: resolver)
    try await eventually("a name is asked for") { names.asked.withLock { !$0.isEmpty } }
    let abandoned = resolve("abandoned.test", with: resolver, deadline: .now())
    await #expect(throws: StreamError.timedOut) { try await abandoned.value }
    let last = resolve("last.test", with: resolver)
    names.answer(3)
    _ = try await first.value
    _ = try await last.value
    #expect(names.asked.withLock { $0 } == ["first.test", "last.test"])
  }
}
