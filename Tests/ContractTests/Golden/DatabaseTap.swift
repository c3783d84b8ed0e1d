import EventLoops
import Foundation
import Time

/// A way to PostgreSQL that notes which statements the gateway sends together.
actor DatabaseTap {
  nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  private let host: String
  private let port: UInt16
  private var listener: Listener?
  private var trips: [RoundTrip] = []
  private var sessions = 0

  /// What is sent before the answer to it.
  struct RoundTrip {
    let session: Int
    /// The names of prepared statements, and the texts of others.
    var statements: [String]
  }

  private init(_ loop: EventLoop, _ host: String, _ port: UInt16) {
    (self.loop, self.host, self.port) = (loop, host, port)
  }

  /// Starts one in front of a database, runs `body` with it and the database's URL through it, and stops it.
  static func run(_ database: TestDatabase, _ body: (DatabaseTap, String) async throws -> Void) async throws {
    guard var url = URLComponents(string: database.url), let host = url.host,
      let port = url.port.flatMap(UInt16.init(exactly:))
    else { throw SocketFailure(description: "no host and port in the database's URL") }
    let tap = DatabaseTap(try World.group.get().loops[0], host, port)
    url.port = Int(try await tap.start())
    let result: Result<Void, any Error>
    do { result = .success(try await body(tap, url.string ?? "")) } catch { result = .failure(error) }
    await tap.stop()
    try result.get()
  }

  /// The round trips since the last call, in order.
  func take() -> [RoundTrip] {
    defer { trips = [] }
    return trips
  }

  private func start() throws -> UInt16 {
    let listener = try CarriedStream.listen(on: loop) { await self.serve($0) }
    self.listener = listener
    return listener.address.port
  }

  private func stop() {
    listener?.close()
    listener = nil
  }

  private func serve(_ client: CarriedStream) async {
    defer { client.stream.close() }
    let deadline = MonotonicInstant.now() + .seconds(10)
    guard let stream = try? await ByteStream.connect(host: host, port: port, deadline: deadline) else {
      return
    }
    let server = CarriedStream(stream)
    defer { server.stream.close() }
    sessions += 1
    let open = OpenTrip(session: sessions)
    let back = Task(executorPreference: loop) {
      await server.pump(to: client) { _ in open.position = nil }
      client.stream.finishWriting()
    }
    var messages = FrontendMessages()
    await client.pump(to: server) { bytes in self.note(messages.statements(in: bytes), open) }
    server.stream.finishWriting()
    await back.value
  }

  private func note(_ statements: [String], _ open: OpenTrip) {
    guard !statements.isEmpty else { return }
    if let position = open.position, position < trips.count {
      trips[position].statements += statements
    } else {
      open.position = trips.count
      trips.append(RoundTrip(session: open.session, statements: statements))
    }
  }
}

/// `@unchecked Sendable`: used on the tap's loop alone.
private final class OpenTrip: @unchecked Sendable {
  let session: Int
  /// Where the session's open round trip stands in the list; nil once the server has answered.
  var position: Int?

  init(session: Int) { self.session = session }
}

/// The statements in what a client sends (PostgreSQL's documentation, Message Formats): names of prepared ones where
/// they are run, texts of others.
struct FrontendMessages {
  private var bytes: [UInt8] = []
  private var isStarted = false
  /// The text of the statement without a name.
  private var unnamed = ""

  mutating func statements(in more: [UInt8]) -> [String] {
    bytes += more
    var found: [String] = []
    while let message = next() {
      let texts = message.body.split(separator: 0, omittingEmptySubsequences: false)
        .map { String(decoding: $0, as: UTF8.self) }
      switch message.type {
      case UInt8(ascii: "Q"): found.append(texts[0])
      case UInt8(ascii: "P") where texts.count > 1 && texts[0].isEmpty: unnamed = texts[1]
      // The portal's name comes first. A session numbers its statements: s7_health.
      case UInt8(ascii: "B") where texts.count > 1:
        found.append(texts[1].isEmpty ? unnamed : String(texts[1].trimmingPrefix(/s[0-9]+_/)))
      default: break
      }
    }
    return found
  }

  /// The next whole message; a type of 0 is one from before the session has begun.
  private mutating func next() -> (type: UInt8, body: ArraySlice<UInt8>)? {
    let start = isStarted ? 1 : 0
    guard bytes.count >= start + 4 else { return nil }
    let length = bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
    guard length >= 4, bytes.count >= start + length else { return nil }
    let (type, body) = (isStarted ? bytes[0] : 0, Array(bytes[start + 4..<start + length]))
    // Before it a client may ask for encryption; the version's first half is 3 in the message that begins the session.
    if !isStarted, body.starts(with: [0, 3]) { isStarted = true }
    bytes.removeFirst(start + length)
    return (type, body[...])
  }
}
