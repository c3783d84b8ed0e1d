import EventLoops
import HTTPTransport
import HTTPTypes
import Testing
import Time

private typealias Step = ScriptedServer.Step

private let ok = Step.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

@Suite("Client: pool, deadlines, cancellation", .timeLimit(.minutes(1)))
struct ClientPoolTests {
  private static func task(_ fixture: ClientFixture, _ path: String) -> Task<HTTPClientError?, Never> {
    Task { await fixture.failure(path) }
  }

  @Test("Requests beyond the connections wait in turn; beyond the queue they fail at once")
  func bounds() async throws {
    try await ClientFixture.run(
      [[.request, .gate("a"), ok, .request, ok, .request, ok]],
      configure: {
        $0.maximumConnectionsPerOrigin = 1
        $0.maximumWaitingPerOrigin = 2
      }
    ) { fixture in
      let first = Self.task(fixture, "/0")
      try await fixture.server.wait("the first request") { $0.requests.count == 1 }
      let second = Self.task(fixture, "/1")
      try await fixture.waitForUsage([1, 0, 1])
      let third = Self.task(fixture, "/2")
      try await fixture.waitForUsage([1, 0, 2])
      #expect(await fixture.failure("/3") == .poolExhausted(fixture.url.origin))
      await fixture.server.open("a")
      for request in [first, second, third] { #expect(await request.value == nil) }
      #expect(await fixture.server.texts.map { $0.prefix(6) } == ["GET /0", "GET /1", "GET /2"])
      #expect(await fixture.server.accepted == 1)
      #expect(await fixture.usage() == [0, 1, 0])
    }
  }

  @Test("A request whose turn comes after a failure connects again")
  func slotWithoutConnection() async throws {
    try await ClientFixture.run(
      [[.request, .gate("a"), .close], [.request, ok]],
      configure: { $0.maximumConnectionsPerOrigin = 1 }
    ) { fixture in
      let first = Self.task(fixture, "/0")
      try await fixture.server.wait("the first request") { $0.requests.count == 1 }
      let second = Self.task(fixture, "/1")
      try await fixture.waitForUsage([1, 0, 1])
      await fixture.server.open("a")
      #expect(await first.value == .closedBeforeAnswer)
      #expect(await second.value == nil)
      #expect(await fixture.usage() == [0, 1, 0])
    }
  }

  @Test("A waiting request heeds its deadline, its cancellation and shutdown, and leaves the queue")
  func endsOfWaiting() async throws {
    try await ClientFixture.run(
      [[.request, .gate("a"), ok, .awaitClose]],
      configure: { $0.maximumConnectionsPerOrigin = 1 }
    ) { fixture in
      let first = Self.task(fixture, "/0")
      try await fixture.server.wait("the first request") { $0.requests.count == 1 }
      let late = await fixture.failure("/late", within: .milliseconds(30))
      #expect(late == .noConnectionInTime(fixture.url.origin) && late?.isTimeout == true)
      #expect(await fixture.usage() == [1, 0, 0])

      let cancelled = Self.task(fixture, "/cancelled")
      try await fixture.waitForUsage([1, 0, 1])
      cancelled.cancel()
      #expect(await cancelled.value == .cancelled)
      #expect(await fixture.usage() == [1, 0, 0])

      let ended = Self.task(fixture, "/ended")
      try await fixture.waitForUsage([1, 0, 1])
      await fixture.client.shutdown()
      #expect(await ended.value == .shutDown)
      #expect(await fixture.usage() == [1, 0, 0])
      await fixture.server.open("a")
      #expect(await first.value == nil)
      try await fixture.server.wait("the client closes") { $0.leftByClient == [0] }
      #expect(await fixture.usage() == [0, 0, 0])
      #expect(await fixture.server.requests.count == 1)
    }
  }

  @Test(
    "A request waits no longer for a connection than the configuration lets it, however late its deadline is"
  )
  func maximumWait() async throws {
    try await ClientFixture.run(
      [[.request, .gate("a"), ok, .awaitClose]],
      configure: {
        $0.maximumConnectionsPerOrigin = 1
        $0.maximumWait = .milliseconds(30)
      }
    ) { fixture in
      let first = Self.task(fixture, "/0")
      try await fixture.server.wait("the first request") { $0.requests.count == 1 }
      #expect(await fixture.failure("/late") == .noConnectionInTime(fixture.url.origin))
      #expect(await fixture.usage() == [1, 0, 0])
      await fixture.server.open("a")
      #expect(await first.value == nil)
      #expect(await fixture.server.requests.count == 1)
    }
  }

  @Test(
    "An answer that does not come in time ends the connection and frees the slot",
    arguments: [
      [.request, .awaitClose],
      [.request, .send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"), .awaitClose],
      [.awaitClose],
    ] as [[ScriptedServer.Step]]
  )
  func slow(script: [ScriptedServer.Step]) async throws {
    try await ClientFixture.run(
      [script, [.request, ok]],
      configure: { $0.maximumConnectionsPerOrigin = 1 }
    ) { fixture in
      #expect(await fixture.failure(within: .milliseconds(50)) == .timedOut)
      try await fixture.server.wait("the client closes") { $0.leftByClient == [0] }
      #expect(await fixture.usage() == [0, 0, 0])
      #expect(try await fixture.send().status == .ok)
    }
  }

  @Test("A cancelled request ends its connection and frees its slot")
  func cancellation() async throws {
    try await ClientFixture.run(
      [[.request, .awaitClose], [.request, ok]],
      configure: { $0.maximumConnectionsPerOrigin = 1 }
    ) { fixture in
      let request = Self.task(fixture, "/")
      try await fixture.server.wait("the request") { $0.requests.count == 1 }
      request.cancel()
      #expect(await request.value == .cancelled)
      try await fixture.server.wait("the client closes") { $0.leftByClient == [0] }
      #expect(await fixture.usage() == [0, 0, 0])
      #expect(try await fixture.send().status == .ok)
    }
  }

  @Test("A task that is cancelled already sends nothing")
  func cancelledBefore() async throws {
    try await ClientFixture.run([[.request, ok]]) { fixture in
      let request = Task {
        while !Task.isCancelled { await Task.yield() }
        return await fixture.failure()
      }
      request.cancel()
      #expect(await request.value == .cancelled)
      #expect(await fixture.server.accepted == 0)
    }
  }

  @Test("Many requests at once share few connections")
  func crowd() async throws {
    let script = Array(repeating: [Step.request, ok], count: 200).flatMap { $0 }
    try await ClientFixture.run([script], configure: { $0.maximumConnectionsPerOrigin = 4 }) { fixture in
      await withTaskGroup(of: HTTPClientError?.self) { group in
        for number in 0..<200 { group.addTask { await fixture.failure("/\(number)") } }
        for await failure in group { #expect(failure == nil) }
      }
      #expect(await fixture.server.accepted <= 4)
      #expect(Set(await fixture.server.texts.map { $0.prefix { $0 != "\r" } }).count == 200)
      #expect(await fixture.usage()[0] == 0)
    }
  }

  @Test("Cancellations at any moment harm no other request, and leak no slot")
  func cancellationStorm() async throws {
    let script = Array(repeating: [Step.request, ok], count: 1000).flatMap { $0 }
    try await ClientFixture.run([script], configure: { $0.maximumConnectionsPerOrigin = 3 }) { fixture in
      for round in 0..<20 {
        let doomed = (0..<8).map { Self.task(fixture, "/doomed/\(round)/\($0)") }
        let others = (0..<8).map { Self.task(fixture, "/other/\(round)/\($0)") }
        for task in doomed {
          await Task.yield()
          task.cancel()
        }
        for task in others { #expect(await task.value == nil) }
        for task in doomed {
          let failure = await task.value
          #expect(failure == nil || failure == .cancelled)
        }
      }
      let usage = await fixture.usage()
      #expect(usage[0] == 0)
      #expect(usage[1] <= 3)
      #expect(usage[2] == 0)
    }
  }

  @Test("Requests sent from a loop stay on its thread, also when they have to wait")
  func staysOnLoop() async throws {
    let script = Array(repeating: [Step.request, ok], count: 20).flatMap { $0 }
    try await ClientFixture.run([script], configure: { $0.maximumConnectionsPerOrigin = 2 }) { fixture in
      let loop = ClientFixture.clientLoops.loops[0]
      let tasks = (0..<20).map { number in
        Task(executorPreference: loop) {
          let before = EventLoop.current === loop
          let failure = await fixture.failure("/\(number)")
          return before && failure == nil && EventLoop.current === loop
        }
      }
      for task in tasks { #expect(await task.value) }
      #expect(await fixture.server.accepted == 2)
    }
  }

  @Test("A request whose deadline has passed is not sent")
  func passedDeadline() async throws {
    try await ClientFixture.run([[.request, ok, .awaitClose]]) { fixture in
      _ = try await fixture.send()
      #expect(await fixture.failure("/late", within: .zero) == .noConnectionInTime(fixture.url.origin))
      #expect(await fixture.server.requests.count == 1)
      #expect(await fixture.usage() == [0, 1, 0])
    }
  }

  // MARK: Connecting

  @Test("A refused connection is told as one")
  func refused() async throws {
    try await ClientFixture.run([[.awaitClose]]) { fixture in
      await fixture.server.stop()
      guard case .connect(fixture.url.origin, .connectFailed) = await fixture.failure() else {
        Issue.record("no connect error")
        return
      }
      #expect(await fixture.usage() == [0, 0, 0])
    }
  }

  @Test("A name that does not exist is told as one")
  func unknownName() async throws {
    let client = HTTPClient(group: ClientFixture.clientLoops)
    let url = try HTTPURL("http://no-such-host.invalid/")
    let error = await #expect(throws: HTTPClientError.self) {
      try await client.send(ClientRequest(url: url), deadline: .now() + .seconds(20))
    }
    guard case .connect(url.origin, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test("An upstream that accepts nothing costs the connect time-out, or less if the request has less")
  func hangingConnect() async throws {
    let loop = ClientFixture.serverLoops.loops[0]
    let full = FullListener(loop: loop)
    let url = try HTTPURL("http://127.0.0.1:\(try await full.start())/")
    var configuration = HTTPClientConfiguration()
    configuration.connectTimeout = .milliseconds(100)
    configuration.maximumConnectionsPerOrigin = 1
    let client = HTTPClient(group: ClientFixture.clientLoops, configuration: configuration)
    await #expect(throws: HTTPClientError.connect(url.origin, .timedOut)) {
      try await client.send(ClientRequest(url: url), deadline: .now() + .seconds(20))
    }
    await #expect(throws: HTTPClientError.timedOut) {
      try await client.send(ClientRequest(url: url), deadline: .now() + .milliseconds(30))
    }
    #expect(await client.statistics().isEmpty)
    await full.stop()
  }
}

/// A listener that never accepts and whose queue is full: the kernel leaves further connects without an answer.
private actor FullListener {
  nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
  private var listener: Listener?
  private var fillers: [ByteStream] = []

  init(loop: EventLoop) { self.loop = loop }

  func start() async throws -> UInt16 {
    let address = try #require(SocketAddress(numeric: "127.0.0.1", port: 0))
    let listener = try Listener(address: address, backlog: 0, loop: loop)
    self.listener = listener
    for _ in 0..<8 {
      do {
        let deadline = MonotonicInstant.now() + .milliseconds(200)
        fillers.append(
          try await ByteStream.connect(host: "127.0.0.1", port: listener.address.port, deadline: deadline)
        )
      } catch {
        break
      }
    }
    return listener.address.port
  }

  func stop() {
    for filler in fillers { filler.close() }
    listener?.close()
  }
}
