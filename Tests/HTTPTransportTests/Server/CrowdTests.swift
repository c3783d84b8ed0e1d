import EventLoops
import Glibc
import HTTPTransport
import HTTPTypes
import Synchronization
import TestKit
import Testing
import Time

@testable import HTTPTransport

private let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

@Suite("A crowd of connections")
struct CrowdTests {
  private static func standing(
    _ activity: ConnectionStanding.Activity,
    known: Bool = false,
    since: UInt64 = 1
  ) -> ConnectionStanding {
    ConnectionStanding(activity: activity, isKnown: known, since: MonotonicInstant(nanoseconds: since))
  }

  @Test(
    "Who goes first: what is over, idle strangers, slow strangers, idle known callers; never one being answered"
  )
  func order() {
    let all: [(Int, ConnectionStanding)] = [
      (1, Self.standing(.working)), (2, Self.standing(.idle, known: true)), (3, Self.standing(.sending)),
      (4, Self.standing(.readingHead)), (5, Self.standing(.idle, since: 9)),
      (6, Self.standing(.idle, since: 3)),
      (7, Self.standing(.ending)), (8, Self.standing(.sending, known: true)),
      (9, Self.standing(.readingHead, known: true)), (10, Self.standing(.working, known: true)),
      (11, Self.standing(.queued, since: 2)),
    ]
    let order = ConnectionStanding.mostDispensable(all, limit: 100).reversed().map(\.number)
    #expect(Array(order) == [7, 6, 5, 4, 11, 3, 2])
    #expect(ConnectionStanding.mostDispensable(all, limit: 2).map(\.number) == [6, 7])
  }

  @Test("A full server ends the stranger who has been idle longest, and takes the new connection")
  func idleStrangers() async throws {
    try await withServer({ $0.maximumConnections = 8 }) { server in
      var idle: [RawConnection] = []
      for _ in 0..<40 {
        let connection = try server.connect()
        connection.send(request)
        #expect(try connection.response().status == 200)
        idle.append(connection)
      }
      #expect(try idle[0].isClosedSilently())
      #expect(server.server.endedConnections >= 32)
      #expect(server.server.refusedConnections == 0)
      try await eventually("at most eight connections are open") { server.server.openConnections <= 8 }
    }
  }

  @Test("Half heads make room too, and a caller with a token stays while there are strangers")
  func known() async throws {
    let responder: Responder = { request in
      request.record.isAuthenticated = request.head.fields[.authorization] != nil
      return await echo(request)
    }
    try await withServer({ $0.maximumConnections = 4 }, responder: responder) { server in
      let known = try server.connect()
      known.send("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n\r\n")
      #expect(try known.response().status == 200)
      var strangers: [RawConnection] = []
      for _ in 0..<20 {
        let connection = try server.connect()
        connection.send("GET / HTTP/1.1\r\nHost: a\r\nX-Half: ")
        strangers.append(connection)
        let fresh = try server.connect()
        fresh.send(request)
        #expect(try fresh.response().status == 200)
      }
      known.send(request)
      #expect(try known.response().status == 200)
    }
  }

  @Test(
    "A full server answers a new connection whose request nobody has read yet before it makes room for the next"
  )
  func unheard() async throws {
    let isHeld = Atomic(false)
    let isReleased = Atomic(false)
    let responder: Responder = { request in
      request.record.isAuthenticated = request.head.fields[.authorization] != nil
      guard request.head.target.path == "/hold" else { return await echo(request) }
      // Nothing else happens on the loop meanwhile, so that both connections are taken in one turn of it.
      isHeld.store(true, ordering: .releasing)
      while !isReleased.load(ordering: .acquiring) { sched_yield() }
      return ServerResponse(status: .ok)
    }
    let group = try EventLoopGroup(count: 1)
    try await withServer({ $0.maximumConnections = 2 }, responder: responder, group: group) { server in
      let known = try server.connect()
      known.send("GET /hold HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n\r\n")
      try await eventually("the loop is held") { isHeld.load(ordering: .acquiring) }
      let both = try [server.connect(), server.connect()]
      for each in both { each.send(request) }
      isReleased.store(true, ordering: .releasing)
      for each in both { #expect(try each.response().status == 200) }
      #expect(try known.response().status == 200)
    }
  }

  @Test(
    "In a crowd a known caller goes first, and strangers are answered one request at a time, each in turn"
  )
  func turns() async throws {
    let answered = Mutex<[String]>([])
    let isHeld = Atomic(false)
    let isReleased = Atomic(false)
    let responder: Responder = { request in
      request.record.isAuthenticated = request.head.fields[.authorization] != nil
      let path = request.head.target.path
      if path == "/hold" {
        // Nothing else happens on the loop meanwhile, so that all that is sent is there at once.
        isHeld.store(true, ordering: .releasing)
        while !isReleased.load(ordering: .acquiring) { sched_yield() }
      }
      answered.withLock { $0.append(path) }
      return ServerResponse(status: .ok)
    }
    let group = try EventLoopGroup(count: 1)
    try await withServer(responder: responder, group: group) { server in
      let known = try server.connect()
      known.send("GET /first HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n\r\n")
      #expect(try known.response().status == 200)
      var strangers: [RawConnection] = []
      for _ in 0..<300 {
        let stranger = try server.connect()
        stranger.send(request)
        #expect(try stranger.response().status == 200)
        strangers.append(stranger)
      }
      let holder = try server.connect()
      holder.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")
      try await eventually("the loop is held") { isHeld.load(ordering: .acquiring) }
      for (number, stranger) in strangers.enumerated() {
        let one = "GET /stranger/\(number) HTTP/1.1\r\nHost: a\r\n\r\n"
        stranger.send(String(repeating: one, count: 50))
      }
      known.send("GET /known HTTP/1.1\r\nHost: a\r\n\r\n")
      isReleased.store(true, ordering: .releasing)
      for stranger in strangers { for _ in 0..<50 { #expect(try stranger.response().status == 200) } }
      #expect(try known.response().status == 200)
    }
    group.shutdown()
    let order = answered.withLock { Array($0.drop { $0 != "/hold" }.dropFirst()) }
    #expect(order.count == 300 * 50 + 1)
    // A turn or two of the loop may pass before it has looked at all sockets.
    #expect(try #require(order.firstIndex(of: "/known")) < 150)
    // All were there before one had three answers.
    #expect(Set(order.prefix(601)).count > 290)
  }

  @Test("What unfinished heads and unread answers hold is bounded in sum; a client that reads is not touched")
  func heldBytes() async throws {
    let responder: Responder = { request in
      let size = request.head.target.path == "/large" ? 2_000_000 : 10
      return ServerResponse(status: .ok, body: [UInt8](repeating: 7, count: size))
    }
    try await withServer({ $0.maximumHeldBytes = 8_000_000 }, responder: responder) { server in
      let good = try server.connect()
      var crowd: [RawConnection] = []
      for _ in 0..<40 {
        let silent = try server.connect(receiveBufferBytes: 4096)
        silent.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        crowd.append(silent)
        good.send(request)
        #expect(try good.response().status == 200)
      }
      try await eventually("at most six connections are open") { server.server.openConnections <= 6 }
      for _ in 0..<1500 {
        let half = try server.connect()
        half.send("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 15_000))")
        crowd.append(half)
      }
      try await eventually("more than 700 connections have ended") { server.server.endedConnections > 700 }
      good.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try good.response().body.count == 2_000_000)
    }
  }

  @Test("One address has a limit of connections, if one is set")
  func perPeer() async throws {
    try await withServer({ $0.maximumConnectionsPerPeer = 3 }) { server in
      var held: [RawConnection] = []
      for _ in 0..<3 { held.append(try server.connect()) }
      try await eventually("three connections are open") { server.server.openConnections == 3 }
      #expect(try server.connect().response().status == 503)
      held.removeLast()
      try await eventually("two connections are open") { server.server.openConnections == 2 }
      let next = try server.connect()
      next.send(request)
      #expect(try next.response().status == 200)
    }
  }

  @Test(
    "Who takes nothing is given up though much waits, and who takes it slowly is not, above the least pace"
  )
  func pace() {
    let start = MonotonicInstant(nanoseconds: 1_000_000_000)
    var pace = TransferPace(start: start, patience: .seconds(30), bytesPerSecond: 500)
    #expect(pace.deadline == start + .seconds(30))
    // Nothing but progress moves it, and a single byte earns nothing.
    pace.note(0, now: start + .seconds(10))
    #expect(pace.deadline == start + .seconds(30))
    pace.note(1, now: start + .seconds(29))
    #expect(pace.deadline == start + .seconds(30))
    pace.note(10_000, now: start + .seconds(29))
    #expect(pace.deadline == start + .seconds(50))
    pace.note(1_000_000, now: start + .seconds(40))
    #expect(pace.deadline == start + .seconds(70))
  }
}
