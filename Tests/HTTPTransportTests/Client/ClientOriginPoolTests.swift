import Testing
import Time

@testable import HTTPTransport

@Suite("Pool of one origin")
struct ClientOriginPoolTests {
  private final class Fake {}
  private typealias Pool = OriginPool<Fake>

  private static func instant(_ seconds: UInt64) -> MonotonicInstant {
    MonotonicInstant(nanoseconds: seconds * 1_000_000_000)
  }

  private static func acquire(_ pool: inout Pool, _ ticket: UInt64) -> String {
    switch pool.acquire(ticket: ticket) {
    case .reuse: "reuse"
    case .connect: "connect"
    case .wait: "wait"
    case .full: "full"
    }
  }

  @Test("Slots, then the queue, then refusal")
  func bounds() {
    var pool = Pool(maximumConnections: 2, maximumWaiting: 1)
    #expect((1...4).map { Self.acquire(&pool, $0) } == ["connect", "connect", "wait", "full"])
    #expect(pool.inUse == 2)
    #expect(pool.waiting == [3])
  }

  @Test("A slot that is given back goes to the one that has waited longest, with its connection or without")
  func handOver() {
    var pool = Pool(maximumConnections: 1, maximumWaiting: 3)
    for ticket in 1...4 as ClosedRange<UInt64> { _ = Self.acquire(&pool, ticket) }
    let connection = Fake()
    pool.stopWaiting(2)
    guard case .handOver(to: 3, let handed) = pool.release(connection, at: Self.instant(0)) else {
      Issue.record("not handed over")
      return
    }
    #expect(handed === connection)
    guard case .handOver(to: 4, nil) = pool.release(nil, at: Self.instant(0)) else {
      Issue.record("not handed over")
      return
    }
    #expect(pool.inUse == 1)
    guard case .settled = pool.release(connection, at: Self.instant(0)) else {
      Issue.record("not settled")
      return
    }
    #expect(pool.inUse == 0)
    #expect(pool.idle.count == 1)
    #expect(!pool.isEmpty)
  }

  @Test("The connection used last is reused first, and the others grow old")
  func lastInFirstOut() {
    var pool = Pool(maximumConnections: 3, maximumWaiting: 0)
    let connections = [Fake(), Fake(), Fake()]
    for ticket in 1...3 as ClosedRange<UInt64> { _ = pool.acquire(ticket: ticket) }
    for (second, connection) in connections.enumerated() {
      _ = pool.release(connection, at: Self.instant(UInt64(second)))
    }
    guard case .reuse(let reused) = pool.acquire(ticket: 4) else {
      Issue.record("not reused")
      return
    }
    #expect(reused === connections[2])
    let old = pool.removeIdle { $0.since <= Self.instant(0) }
    #expect(old.count == 1)
    #expect(old.first === connections[0])
    #expect(pool.idle.count == 1)
  }

  @Test("Limits below the sensible are raised to it, and a release too many does no harm")
  func floors() {
    var pool = Pool(maximumConnections: -1, maximumWaiting: -1)
    #expect((1...2).map { Self.acquire(&pool, $0) } == ["connect", "full"])
    _ = pool.release(nil, at: Self.instant(0))
    _ = pool.release(nil, at: Self.instant(0))
    #expect(pool.inUse == 0)
    #expect(pool.isEmpty)
  }
}
