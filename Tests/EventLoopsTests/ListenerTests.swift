import CLinux
import EventLoops
import Synchronization
import TestKit
import Testing

@Suite("Listener")
struct ListenerTests {
  @Test("two on one port share the connections")
  func sharedPort() async throws {
    let counts = Mutex([0, 0])
    let first = TestServer(on: Loops.first)
    let second = TestServer(on: Loops.second)
    let answer: @Sendable (ByteStream) async throws(StreamError) -> Void = { stream throws(StreamError) in
      let index = EventLoop.current?.index ?? -1
      counts.withLock { $0[index] += 1 }
      try await stream.say("\(index)")
    }
    let port = try await first.listen(answer)
    #expect(try await second.listen(port: port, answer) == port)
    for _ in 0..<100 {
      let answer = try await onLoop {
        let stream = try await ByteStream.connect(host: "127.0.0.1", port: port, deadline: .late)
        return try await stream.hear(1)
      }
      #expect(["0", "1"].contains(answer))
    }
    let shares = counts.withLock { $0 }
    #expect(shares[0] + shares[1] == 100)
    #expect(shares[0] > 0)
    #expect(shares[1] > 0)
    await first.stop()
    await second.stop()
  }

  @Test("a flood of connections, more than one turn takes, is accepted to the last")
  func flood() async throws {
    let group = try EventLoopGroup(count: 1)
    let loop = group.loops[0]
    let server = TestServer(on: loop)
    let greeted = Atomic<Int>(0)
    let port = try await server.listen { stream throws(StreamError) in
      greeted.add(1, ordering: .relaxed)
      _ = try await stream.receive(deadline: .late)
    }
    // While the server's loop is held, all of them come to be pending at once.
    let isHeld = Flag()
    let mayGoOn = Flag()
    loop.execute {
      isHeld.set()
      while !mayGoOn.isSet { sched_yield() }
    }
    try await eventually("the loop is held") { isHeld.isSet }
    let clients = try await onLoop {
      var clients: [ByteStream] = []
      for _ in 0..<300 {
        clients.append(try await ByteStream.connect(host: "127.0.0.1", port: port, deadline: .late))
      }
      return Parcel(clients)
    }
    #expect(greeted.load(ordering: .relaxed) == 0)
    mayGoOn.set()
    try await eventually("all 300 are greeted") { greeted.load(ordering: .relaxed) == 300 }
    _ = clients.open()
    await server.stop()
    try await eventually("no socket is left open") { try openSockets(port: port) == 0 }
    group.shutdown()
  }

  @Test("a closed one refuses connections, and those it had accepted live on")
  func closed() async throws {
    let server = TestServer()
    let accepted = Mailbox<Void>()
    let port = try await server.listen { stream throws(StreamError) in
      accepted.put()
      try await stream.echo()
    }
    try await onLoop {
      let stream = try await ByteStream.connect(host: "127.0.0.1", port: port, deadline: .late)
      try await accepted.take()
      await server.stop()
      try await stream.say("hello")
      #expect(try await stream.hear(5) == "hello")
      let error = await failure { () throws(StreamError) in
        _ = try await ByteStream.connect(host: "127.0.0.1", port: port, deadline: .late)
      }
      #expect(error == .connectFailed(SystemError(call: "connect", errno: ECONNREFUSED)))
    }
  }

  @Test("an address in use is found out before listening")
  func checkFree() async throws {
    let server = TestServer()
    let port = try await server.listen { _ in }
    let address = try #require(SocketAddress(numeric: "127.0.0.1", port: port))
    #expect(throws: SystemError(call: "bind", errno: EADDRINUSE)) { try Listener.checkFree(address) }
    await server.stop()
    try await eventually("the port is free") { (try? Listener.checkFree(address)) != nil }
  }

  @Test("an address of another machine is refused")
  func foreignAddress() async throws {
    let address = try #require(SocketAddress(numeric: "192.0.2.1", port: 0))
    await #expect(throws: SystemError(call: "bind", errno: EADDRNOTAVAIL)) {
      try await onLoop { _ = try Listener(address: address, loop: Loops.first) }
    }
  }
}
