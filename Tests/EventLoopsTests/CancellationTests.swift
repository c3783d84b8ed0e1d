import EventLoops
import Synchronization
import TestKit
import Testing

/// Owns one stream, on which several tasks wait in turn.
private actor Owner {
  nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
  private var stream: ByteStream?

  init(on loop: EventLoop) { self.loop = loop }

  func connect(port: UInt16) async throws {
    stream = try await ByteStream.connect(host: "127.0.0.1", port: port, deadline: .late)
  }

  private func receive() async -> Result<Int, StreamError> {
    guard let stream else { return .failure(.closed) }
    do throws(StreamError) {
      return .success(try await stream.receive(deadline: .late))
    } catch {
      return .failure(error)
    }
  }

  func say(_ text: String) async throws { try await stream?.say(text) }

  /// A task that is cancelled before it waits.
  func cancelledBefore() async -> Result<Int, StreamError> {
    let task = Task(executorPreference: loop) {
      withUnsafeCurrentTask { $0?.cancel() }
      return await self.receive()
    }
    return await task.value
  }

  /// A task that another thread cancels while it waits.
  func cancelledDuring() async -> Result<Int, StreamError> {
    let task = Task(executorPreference: loop) { await self.receive() }
    // The task has come to its wait when the loop has run what is ready.
    await Task.yield()
    Task.detached { task.cancel() }
    return await task.value
  }

  /// A task that is cancelled when its bytes are there, or just before: either it has them, or the next reader has.
  func cancelledInARace() async throws -> Int {
    let task = Task(executorPreference: loop) { await self.receive() }
    Task.detached { task.cancel() }
    try await say("x")
    if case .success(let count) = await task.value { return count }
    return try await receive().get()
  }

  /// A task whose wait is over when it is cancelled: the cancellation must not end the wait of the next.
  func cancelledAfter() async throws -> Int {
    try await say("x")
    let first = Task(executorPreference: loop) { await self.receive() }
    #expect(try await first.value.get() == 1)
    first.cancel()
    return try await afterwards()
  }

  /// A wait begun while the word of an earlier cancellation has not yet reached the loop.
  func waitBehindAStaleCancellation() async throws -> Int {
    #expect(await cancelledBefore() == .failure(.closed))
    return try await afterwards()
  }

  private func afterwards() async throws -> Int {
    let next = Task(executorPreference: loop) { await self.receive() }
    await Task.yield()
    // Two turns of the loop, in which a stale word would arrive.
    for _ in 0..<2 {
      await withCheckedContinuation { continuation in loop.execute { continuation.resume() } }
    }
    try await say("y")
    return try await next.value.get()
  }

  func close() {
    stream?.close()
    stream = nil
  }

  /// A wait that goes on when its task is cancelled, and ends when something comes or the stream is closed.
  func endedByCloseAlone() async throws -> [Result<Int, StreamError>] {
    var results: [Result<Int, StreamError>] = []
    for isClosing in [false, true] {
      let task = Task(executorPreference: loop) { await self.receiveUntilClosed() }
      await Task.yield()
      task.cancel()
      await Task.yield()
      if isClosing { close() } else { try await say("x") }
      results.append(await task.value)
    }
    return results
  }

  private func receiveUntilClosed() async -> Result<Int, StreamError> {
    guard let stream else { return .failure(.closed) }
    do throws(StreamError) {
      return .success(try await stream.receiveUntilClosed(deadline: .late))
    } catch {
      return .failure(error)
    }
  }

  /// A close while a task waits.
  func closedDuring() async -> Result<Int, StreamError> {
    let task = Task(executorPreference: loop) { await self.receive() }
    await Task.yield()
    close()
    return await task.value
  }
}

@Suite("Cancellation")
struct CancellationTests {
  private func withOwner(_ body: (Owner) async throws -> Void) async throws {
    let server = TestServer()
    let port = try await server.listen { stream throws(StreamError) in try await stream.echo() }
    let owner = Owner(on: Loops.first)
    try await owner.connect(port: port)
    try await body(owner)
    await owner.close()
    await server.stop()
    try await eventually("no socket is left open") { try openSockets(port: port) == 0 }
  }

  @Test("does not end a wait of an owner who closes the stream")
  func closeAlone() async throws {
    try await withOwner { owner async throws in
      #expect(try await owner.endedByCloseAlone() == [.success(1), .failure(.closed)])
    }
  }

  @Test("before the wait ends it at once")
  func before() async throws {
    try await withOwner { owner async throws in #expect(await owner.cancelledBefore() == .failure(.closed)) }
  }

  @Test("during the wait ends it, and the stream serves the next task")
  func during() async throws {
    try await withOwner { owner async throws in
      #expect(await owner.cancelledDuring() == .failure(.closed))
      #expect(try await owner.cancelledAfter() == 1)
    }
  }

  @Test("after the wait does not end the wait of the next task")
  func after() async throws {
    try await withOwner { owner async throws in #expect(try await owner.cancelledAfter() == 1) }
  }

  @Test("of which the loop hears late does not end the wait of the next task")
  func stale() async throws {
    try await withOwner { owner async throws in
      for _ in 0..<100 { #expect(try await owner.waitBehindAStaleCancellation() == 1) }
    }
  }

  @Test("in a race with readiness loses no byte")
  func race() async throws {
    try await withOwner { owner async throws in
      for _ in 0..<1000 { #expect(try await owner.cancelledInARace() == 1) }
    }
  }

  @Test("is not needed when the stream is closed: that ends the wait too")
  func closing() async throws {
    try await withOwner { owner async throws in #expect(await owner.closedDuring() == .failure(.closed)) }
  }

  @Test("of tasks that hold streams gives back their sockets")
  func releasesSockets() async throws {
    let server = TestServer()
    let accepted = Mailbox<Void>()
    let port = try await server.listen { stream throws(StreamError) in
      accepted.put()
      _ = try await stream.receive(deadline: .late)
    }
    let before = try openSockets(port: port)
    let tasks = (0..<50).map { _ in
      let loop = Loops.group.any()
      return Task(executorPreference: loop) {
        let stream = try await ByteStream.connect(host: "127.0.0.1", port: port, deadline: .late)
        _ = try await stream.receive(deadline: .late)
      }
    }
    for _ in tasks { try await accepted.take() }
    try await eventually("a hundred sockets are open") { try openSockets(port: port) == before + 100 }
    for task in tasks { task.cancel() }
    for task in tasks { await #expect(throws: StreamError.closed) { try await task.value } }
    try await eventually("they are closed") { try openSockets(port: port) == before }
    await server.stop()
    try await eventually("no socket is left open") { try openSockets(port: port) == 0 }
  }
}
