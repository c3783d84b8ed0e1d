import EventLoops
import Time

/// A TCP server that plays a transcript on each connection, so that a test decides every byte an upstream sends and
/// when. Its state is awaited, never polled.
actor ScriptedServer {
  enum Step: Sendable {
    /// Reads one request: head, and as many body bytes as its Content-Length says.
    case request
    case send(String)
    /// Sends so many bytes of `x`.
    case fill(Int)
    /// Waits until the test calls `open(_:)` with this name.
    case gate(String)
    /// Sends FIN and reads on until the client closes.
    case finish
    /// Closes the connection; with bytes unread this resets it.
    case close
    /// Reads until the client closes.
    case awaitClose
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  private struct Watcher {
    let condition: @Sendable (isolated ScriptedServer) -> Bool
    let finish: (Bool) -> Void
  }

  nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  private let scripts: [[Step]]
  private let tls: TLSContext?
  private var listener: Listener?
  private var streams: [Int: ByteStream] = [:]
  private var opened: Set<String> = []
  private var watchers: [Int: Watcher] = [:]
  private var nextWatcher = 0

  /// Connections accepted so far.
  private(set) var accepted = 0
  /// Connections whose client has closed or reset them, by number from 0.
  private(set) var leftByClient: Set<Int> = []
  /// Requests received, with the number of their connection.
  private(set) var requests: [(connection: Int, text: String)] = []
  /// Of each TLS connection, whether it resumed a session.
  private(set) var resumed: [Bool] = []

  /// - Parameter scripts: of the first connection, the second, and so on; the last one serves all further ones.
  init(_ scripts: [[Step]], loop: EventLoop, tls: TLSContext? = nil) {
    self.scripts = scripts
    self.loop = loop
    self.tls = tls
  }

  /// Starts listening on a free port of 127.0.0.1.
  func start() throws -> UInt16 {
    guard let any = SocketAddress(numeric: "127.0.0.1", port: 0) else {
      throw Failure(description: "no address")
    }
    let listener = try Listener(address: any, loop: loop)
    let loop = loop
    listener.accept { stream in
      let handed = Handed(stream)
      Task(executorPreference: loop) { await self.serve(handed) }
    }
    self.listener = listener
    return listener.address.port
  }

  func stop() {
    listener?.close()
    listener = nil
    for stream in streams.values { stream.close() }
    streams = [:]
  }

  /// Lets every connection pass the gate of this name.
  func open(_ gate: String) {
    opened.insert(gate)
    changed()
  }

  var texts: [String] { requests.map(\.text) }

  // MARK: Waiting

  /// Waits until something has happened, for 10 s at the most.
  func wait(_ what: String, until condition: @escaping @Sendable (isolated ScriptedServer) -> Bool)
    async throws
  {
    if condition(self) { return }
    nextWatcher += 1
    let number = nextWatcher
    let isMet = await withUnsafeContinuation { continuation in
      let timer = loop.schedule(after: .seconds(10)) { [weak self] in
        self?.assumeIsolated { $0.watchers.removeValue(forKey: number)?.finish(false) }
      }
      watchers[number] = Watcher(condition: condition) { isMet in
        timer.cancel()
        continuation.resume(returning: isMet)
      }
    }
    guard isMet else { throw Failure(description: "waited in vain for: \(what)") }
  }

  private func changed() {
    for (number, watcher) in watchers where watcher.condition(self) {
      watchers[number] = nil
      watcher.finish(true)
    }
  }

  // MARK: Playing

  private func serve(_ handed: Handed) async {
    let stream = handed.stream
    let number = accepted
    streams[number] = stream
    accepted += 1
    changed()
    do {
      if let tls {
        try await stream.startTLS(tls, serverName: nil, deadline: .now() + .seconds(10))
        resumed.append(stream.isTLSSessionResumed)
      }
      for step in scripts[min(number, scripts.count - 1)] { try await play(step, stream, number) }
    } catch is StreamError {
      leftByClient.insert(number)
      stream.close()
    } catch {
      stream.close()
    }
    changed()
  }

  private func play(_ step: Step, _ stream: ByteStream, _ number: Int) async throws {
    switch step {
    case .request: try await readRequest(stream, number)
    case .send(let text):
      stream.outbound.append(text)
      try await stream.flush(deadline: .now() + .seconds(10))
    case .fill(let count):
      stream.outbound.append(contentsOf: [UInt8](repeating: UInt8(ascii: "x"), count: count))
      try await stream.flush(deadline: .now() + .seconds(10))
    case .gate(let name): try await wait("gate \(name)") { $0.opened.contains(name) }
    case .finish:
      stream.finishWriting()
      try await awaitClose(stream)
    case .close: stream.close()
    case .awaitClose: try await awaitClose(stream)
    }
  }

  private func awaitClose(_ stream: ByteStream) async throws {
    while try await stream.receive(deadline: .now() + .seconds(30)) > 0 { stream.inbound.removeAll() }
    throw StreamError.reset
  }

  private func readRequest(_ stream: ByteStream, _ number: Int) async throws {
    while true {
      let text = String(decoding: stream.inbound.readable, as: UTF8.self)
      if let end = text.utf8Range(of: "\r\n\r\n") {
        let length = Self.contentLength(String(text.utf8.prefix(end)) ?? "")
        if text.utf8.count >= end + length {
          requests.append((number, String(decoding: stream.inbound.read(end + length), as: UTF8.self)))
          changed()
          return
        }
      }
      guard try await stream.receive(deadline: .now() + .seconds(10)) > 0 else { throw StreamError.reset }
    }
  }

  private static func contentLength(_ head: String) -> Int {
    for line in head.split(separator: "\r\n") where line.lowercased().hasPrefix("content-length: ") {
      return Int(line.dropFirst(16)) ?? 0
    }
    return 0
  }
}

/// Carries an accepted stream from its listener into a task of the same loop.
///
/// `@unchecked Sendable`: both ends run on the loop that the stream belongs to.
private final class Handed: @unchecked Sendable {
  let stream: ByteStream

  init(_ stream: ByteStream) { self.stream = stream }
}

extension String {
  /// Where the first occurrence of an ASCII text ends, in UTF-8 bytes.
  fileprivate func utf8Range(of text: String) -> Int? {
    let bytes = Array(utf8)
    let wanted = Array(text.utf8)
    guard bytes.count >= wanted.count else { return nil }
    for start in 0...(bytes.count - wanted.count)
    where bytes[start..<start + wanted.count].elementsEqual(wanted) {
      return start + wanted.count
    }
    return nil
  }
}
