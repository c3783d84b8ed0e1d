import EventLoops
import HTTPTransport
import Time

/// An upstream that answers each request, and closes a connection on which nothing has come for exactly its idle time.
actor IdleUpstream {
  nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  private let idleTime: Duration
  private var listener: Listener?
  /// Requests that were answered.
  private(set) var answered = 0

  private init(_ loop: EventLoop, idleTime: Duration) {
    self.loop = loop
    self.idleTime = idleTime
  }

  /// Runs `body` with the URL of one.
  static func run(
    closingAfter idleTime: Duration,
    _ body: (HTTPURL, IdleUpstream) async throws -> Void
  ) async throws {
    let upstream = IdleUpstream(ClientFixture.serverLoops.loops[0], idleTime: idleTime)
    let port = try await upstream.start()
    let result: Result<Void, any Error>
    do {
      result = .success(try await body(try HTTPURL("http://127.0.0.1:\(port)/x"), upstream))
    } catch {
      result = .failure(error)
    }
    await upstream.stop()
    try result.get()
  }

  private func start() throws -> UInt16 {
    guard let any = SocketAddress(numeric: "127.0.0.1", port: 0) else {
      throw ScriptedServer.Failure(description: "no address")
    }
    let listener = try Listener(address: any, loop: loop)
    let loop = loop
    listener.accept { stream in
      let handed = LoopBoundStream(stream)
      Task(executorPreference: loop) { await self.serve(handed) }
    }
    self.listener = listener
    return listener.address.port
  }

  private func stop() {
    listener?.close()
    listener = nil
  }

  private func serve(_ handed: LoopBoundStream) async {
    let stream = handed.stream
    defer { stream.close() }
    var received: [UInt8] = []
    // A new connection has time for its first request.
    var limit = Duration.seconds(10)
    while true {
      do {
        guard try await stream.receive(deadline: .now() + limit) > 0 else { return }
        received += stream.inbound.read(stream.inbound.count)
        // Head and the two bytes of the body.
        guard String(decoding: received, as: UTF8.self).hasSuffix("\r\n\r\n{}") else { continue }
        received = []
        stream.outbound.append("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        try await stream.flush(deadline: .now() + .seconds(10))
        answered += 1
        limit = idleTime
      } catch {
        return
      }
    }
  }
}

/// Carries an accepted stream from its listener into a task of the same loop.
///
/// `@unchecked Sendable`: both ends run on the loop that the stream belongs to.
private final class LoopBoundStream: @unchecked Sendable {
  let stream: ByteStream

  init(_ stream: ByteStream) { self.stream = stream }
}
