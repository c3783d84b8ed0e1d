import CLinux
import EventLoops
import TestKit
import Testing
import Time

@Suite("Connecting")
struct ConnectTests {
  private func error(host: String, port: UInt16, deadline: MonotonicInstant = .late) async throws
    -> StreamError?
  {
    try await onLoop {
      await failure { () throws(StreamError) in
        _ = try await ByteStream.connect(host: host, port: port, deadline: deadline)
      }
    }
  }

  @Test("to a port that nobody listens on is refused")
  func refused() async throws {
    let socket = try RawSocket()
    let port = try socket.bind()
    #expect(
      try await error(host: "127.0.0.1", port: port)
        == .connectFailed(SystemError(call: "connect", errno: ECONNREFUSED))
    )
    #expect(try openSockets(port: port) <= 1)
  }

  @Test("to an address that no route leads to fails with the kernel's reason")
  func unroutable() async throws {
    // A multicast group has no TCP; the kernel refuses it without sending anything.
    guard case .connectFailed(let reason) = try await error(host: "224.0.0.1", port: 9) else {
      Issue.record("not refused")
      return
    }
    #expect(reason.call == "connect")
    #expect([ENETUNREACH, EHOSTUNREACH, EACCES].contains(reason.errno))
  }

  @Test("to a listener that takes no more ends at the deadline, or with the task, and leaves no socket")
  func backlogFull() async throws {
    let listening = try RawSocket()
    let port = try listening.bind()
    #expect(listen(listening.descriptor, 0) == 0)
    let queued = try RawSocket()
    #expect(queued.connect(port: port) == 0)
    let another = try RawSocket(flags: Int32(SOCK_NONBLOCK.rawValue))
    #expect(another.connect(port: port) < 0)
    try await eventually("one connect is pending") { try pendingConnects(port: port) == 1 }

    let deadline = MonotonicInstant.now() + .milliseconds(100)
    #expect(try await error(host: "127.0.0.1", port: port, deadline: deadline) == .timedOut)
    #expect(MonotonicInstant.now() >= deadline)
    #expect(
      try await error(host: "127.0.0.1", port: port, deadline: MonotonicInstant(nanoseconds: 0)) == .timedOut
    )
    try await eventually("one connect is pending") { try pendingConnects(port: port) == 1 }

    let task = Task(executorPreference: Loops.first) {
      _ = try await ByteStream.connect(host: "127.0.0.1", port: port, deadline: .late)
    }
    try await eventually("two connects are pending") { try pendingConnects(port: port) == 2 }
    task.cancel()
    await #expect(throws: StreamError.closed) { try await task.value }
    try await eventually("one connect is pending again") { try pendingConnects(port: port) == 1 }
    withExtendedLifetime((listening.descriptor, queued.descriptor, another.descriptor)) {}
  }

  @Test("outside the loops is refused")
  func offTheLoops() async {
    await #expect(throws: StreamError.closed) {
      _ = try await ByteStream.connect(host: "127.0.0.1", port: 1, deadline: .late)
    }
  }

  @Test("by name tries the addresses of the name in turn")
  func byName() async throws {
    // localhost often means ::1 first, where nobody listens on this port.
    let server = TestServer()
    let port = try await server.listen { stream throws(StreamError) in try await stream.echo() }
    try await onLoop {
      let stream = try await ByteStream.connect(host: "localhost", port: port, deadline: .late)
      try await stream.say("hello")
      #expect(try await stream.hear(5) == "hello")
    }
    await server.stop()
  }

  @Test(
    "to what is no host name fails, and says which name",
    arguments: [String(repeating: "x", count: 70) + ".test", "127.0.0.1\0.test"]
  )
  func invalidName(host: String) async throws {
    guard case .nameNotResolved(host, let reason) = try await error(host: host, port: 1) else {
      Issue.record("resolved")
      return
    }
    #expect(!reason.isEmpty)
  }
}
