import Dispatch
import EventLoops
import HTTPTransport
import HTTPTypes
import Synchronization
import TestKit
import Testing
import Text
import Time

@testable import HTTPTransport

/// How a client sends a body that nobody wants.
struct UnwantedBody: Sendable, CustomTestStringConvertible {
  var isChunked: Bool
  var expectsContinue = false
  var bytes: Int

  var head: String {
    "POST / HTTP/1.1\r\nHost: a\r\n"
      + (isChunked ? "Transfer-Encoding: chunked\r\n" : "Content-Length: \(bytes)\r\n")
      + (expectsContinue ? "Expect: 100-continue\r\n" : "") + "\r\n"
  }
  var testDescription: String {
    "\(bytes) bytes, \(isChunked ? "chunked" : "sized")\(expectsContinue ? ", expecting 100" : "")"
  }

  static let all = [false, true].flatMap { isChunked in
    [100, 70_000, 500_000, 3_000_000].flatMap { bytes in
      [false, true].map { UnwantedBody(isChunked: isChunked, expectsContinue: $0, bytes: bytes) }
    }
  }
}

@Suite("An answer before the body's end")
struct EarlyAnswerTests {
  /// Sends the whole body, in pieces and with pauses, before it reads anything.
  private static func sendAll(_ body: UnwantedBody, on connection: RawConnection) async throws -> Bool {
    var isSent = connection.send(body.head)
    let piece = 32_768
    for start in stride(from: 0, to: body.bytes, by: piece) {
      let bytes = [UInt8](repeating: 0x61, count: min(piece, body.bytes - start))
      let framed =
        body.isChunked ? Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + [13, 10] : bytes
      isSent = connection.send(framed) && isSent
      try await Task.sleep(for: .milliseconds(2))
    }
    return body.isChunked ? connection.send("0\r\n\r\n") && isSent : isSent
  }

  @Test(
    "is read whole by a client that sends everything first",
    arguments: UnwantedBody.all,
    [401, 413, 503]
  )
  func unread(body: UnwantedBody, status: Int) async throws {
    let text = [UInt8](repeating: 0x62, count: 2000)
    let responder: Responder = { _ in ServerResponse(status: .init(code: status), body: text) }
    try await withServer(responder: responder) { server in
      let connection = try server.connect()
      #expect(try await Self.sendAll(body, on: connection))
      let response = try connection.response()
      #expect(response.status == status)
      #expect(response.body == text)
      connection.finishWriting()
      _ = try connection.readToEnd()
      #expect(!connection.wasReset)
    }
  }

  @Test("comes for what the server refuses by itself, with the rest still on its way")
  func refused() async throws {
    try await withServer({ $0.maximumBodyBytes = 1000 }) { server in
      let cases: [(head: String, status: Int)] = [
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n", 413),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n7A120\r\n", 413),
        ("POST / HTTP/1.1\r\nContent-Length: 500000\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nExpect: cake\r\nContent-Length: 500000\r\n\r\n", 417),
        ("POST / HTTP/2.0\r\nHost: a\r\nContent-Length: 500000\r\n\r\n", 505),
        ("POST /\(String(repeating: "a", count: 9000)) HTTP/1.1\r\n\r\n", 414),
        ("POST / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 17_000))\r\n\r\n", 431),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n", 200),
      ]
      for (head, status) in cases {
        let connection = try server.connect()
        #expect(connection.send(head), "\(head.prefix(60))")
        for _ in 0..<20 {
          #expect(connection.send([UInt8](repeating: 0x61, count: 25_000)), "\(head.prefix(60))")
          try await Task.sleep(for: .milliseconds(2))
        }
        #expect(try connection.response().status == status)
        connection.finishWriting()
        _ = try connection.readToEnd()
        #expect(!connection.wasReset, "\(head.prefix(60))")
      }
    }
  }

  @Test("comes for clients over the limit of connections, each of them, though they send a body first")
  func full() async throws {
    let gate = Gate()
    let responder: Responder = { request in
      await gate.pass()
      return await echo(request)
    }
    try await withServer({ $0.maximumConnections = 1 }, responder: responder) { server in
      let first = try server.connect()
      first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      try await eventually("the request has arrived") { await gate.arrivals == 1 }
      let failures = Mutex<[String]>([])
      let clients = DispatchGroup()
      for _ in 0..<25 {
        DispatchQueue.global().async(group: clients) {
          for _ in 0..<40 {
            do {
              let connection = try server.connect()
              let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"
              guard connection.send(Array(head.utf8) + [UInt8](repeating: 0x61, count: 100_000)) else {
                throw RawConnection.Failure(description: "cannot send")
              }
              let response = try connection.response()
              guard response.status == 503, response["retry-after"] == "1" else {
                throw RawConnection.Failure(description: "\(response.status)")
              }
            } catch {
              failures.withLock { $0.append("\(error)") }
            }
          }
        }
      }
      await withCheckedContinuation { continuation in
        clients.notify(queue: .global()) { continuation.resume() }
      }
      #expect(failures.withLock { $0 } == [])
      first.close()
    }
  }

  @Test("waits for the rest as long as it comes, for a while, and not long for nothing")
  func pace() {
    let start = MonotonicInstant(nanoseconds: 1_000_000_000)
    let within = LingeringClose(isWithinBody: true, now: start)
    #expect(within.deadline(lastInput: start) == start + .seconds(5))
    #expect(within.deadline(lastInput: start + .seconds(4)) == start + .seconds(9))
    #expect(within.deadline(lastInput: start + .seconds(29)) == start + .seconds(30))
    #expect(LingeringClose(isWithinBody: false, now: start).deadline(lastInput: start) == start + .seconds(1))
  }
}
