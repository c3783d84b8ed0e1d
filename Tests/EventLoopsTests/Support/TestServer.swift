import EventLoops
import Testing

/// A listener of one loop; each of its connections is served by a task of the loop.
actor TestServer {
  nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
  private var listener: Listener?

  init(on loop: EventLoop = Loops.second) { self.loop = loop }

  /// - Returns: the port.
  func listen(
    port: UInt16 = 0,
    _ serve: @escaping @Sendable (ByteStream) async throws(StreamError) -> Void
  ) throws -> UInt16 {
    let address = try #require(SocketAddress(numeric: "127.0.0.1", port: port))
    let listener = try Listener(address: address, loop: loop)
    let loop = loop
    listener.accept { stream in
      Task(executorPreference: loop) {
        do throws(StreamError) {
          try await serve(stream)
        } catch {
          Issue.record("the server's connection ended with: \(error)")
        }
        stream.close()
      }
    }
    self.listener = listener
    return listener.address.port
  }

  func stop() {
    listener?.close()
    listener = nil
  }
}

/// One connection with a reader and a writer at the same time.
actor Peer {
  nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
  private var stream: ByteStream?

  init(on loop: EventLoop) { self.loop = loop }

  func connect(port: UInt16, tls: TLSContext? = nil) async throws {
    stream = try await ByteStream.connect(host: "127.0.0.1", port: port, tls: tls, deadline: .late)
  }

  /// Sends `total` bytes of the pattern in pieces of 64 KiB.
  func send(_ total: Int) async throws {
    let stream = try #require(stream)
    try await stream.send(pattern: total)
  }

  /// - Returns: how many bytes of the pattern came before the end or `total`.
  func receive(_ total: Int) async throws -> Int {
    let stream = try #require(stream)
    return try await stream.receive(pattern: total)
  }

  func close() {
    stream?.close()
    stream = nil
  }
}

extension ByteStream {
  private static func patternByte(_ position: Int) -> UInt8 { UInt8(truncatingIfNeeded: position % 251) }

  func send(pattern total: Int) async throws(StreamError) {
    var sent = 0
    while sent < total {
      let next = min(65_536, total - sent)
      outbound.append(contentsOf: (sent..<(sent + next)).map(Self.patternByte))
      sent += next
      try await flush(deadline: .late)
    }
  }

  /// - Returns: how many bytes of the pattern came before the end, a wrong byte, or `total`.
  func receive(pattern total: Int) async throws(StreamError) -> Int {
    var received = 0
    while received < total, try await receive(limit: 65_536, deadline: .late) > 0 {
      for byte in inbound.readable {
        guard byte == Self.patternByte(received) else { return received }
        received += 1
      }
      inbound.removeAll()
    }
    return received
  }

  /// Sends `text`.
  func say(_ text: String) async throws(StreamError) {
    outbound.append(text)
    try await flush(deadline: .late)
  }

  /// Waits for that many bytes, or the end, and takes them.
  func hear(_ length: Int) async throws(StreamError) -> String {
    while inbound.count < length, try await receive(deadline: .late) > 0 {}
    return String(decoding: inbound.read(length), as: UTF8.self)
  }

  /// Sends back all that comes, until the end.
  func echo() async throws(StreamError) {
    while try await receive(deadline: .late) > 0 {
      outbound.append(contentsOf: inbound.readable)
      inbound.removeAll()
      try await flush(deadline: .late)
    }
  }
}
