import EventLoops
import Foundation
import HTTPTransport
import Instrumentation
import Logging
import Observability
import ServiceKit
import Synchronization
import Testing

@testable import Gateway

@Suite("Logs")
struct LogTests {
  private let clock = FixedClock(instant: Timestamp(microseconds: 1_701_779_696_123_456))

  /// What `body` makes a sink write.
  private func lines(_ body: (LogSink) throws -> Void) rethrows -> [String] {
    let pipe = Pipe()
    let sink = LogSink(fileDescriptor: pipe.fileHandleForWriting.fileDescriptor)
    try body(sink)
    sink.drain()
    try? pipe.fileHandleForWriting.close()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    return text.split(separator: "\n").map(String.init)
  }

  @Test("A line is one JSON object with time, level, message, metadata and the trace it belongs to")
  func json() throws {
    let span = try #require(
      SpanContext(traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    )
    let lines = lines { sink in
      var logger = Logger(label: "gateway") { label in
        GatewayLogHandler(label: label, level: .info, format: .json, sink: sink, clock: clock)
      }
      logger[metadataKey: "correlationId"] = "abc"
      InstrumentationContext.withValue(InstrumentationContext(span: span)) {
        logger.error("broke\n{\"level\":\"info\"}", metadata: ["user": "STAFF1"])
      }
      logger.debug("not written")
      logger.info("second")
    }
    try #require(lines.count == 2)
    #expect(
      try JSON(parsing: Array(lines[0].utf8)) == [
        "time": "2023-12-05T12:34:56.123456Z", "level": "error", "logger": "gateway",
        "message": "broke\n{\"level\":\"info\"}", "correlationId": "abc", "user": "STAFF1",
        "traceId": .text(span.traceID), "spanId": .text(span.spanID),
      ]
    )
    #expect(try JSON(parsing: Array(lines[1].utf8))["traceId"] == nil)
  }

  @Test("In text no value can begin a line of its own")
  func text() {
    let lines = lines { sink in
      let logger = Logger(label: "gateway") { label in
        GatewayLogHandler(label: label, level: .info, format: .text, sink: sink, clock: clock)
      }
      logger.warning("first\nsecond", metadata: ["a": "x\r\ny"])
    }
    #expect(lines == [#"12:34:56 WARNING first\nsecond  a=x\r\ny"#])
  }

  @Test(
    "The access log has the route's template, who asked and the id to find the rest by",
    arguments: [false, true]
  )
  func accessLog(errorsOnly: Bool) async throws {
    let entries = Mutex<[AccessLogEntry]>([])
    let record: RequestObserver.AccessLog = { entry in entries.withLock { $0.append(entry) } }
    var ids: [String?] = []
    try await withGateway(accessLog: record) { (gateway) async throws in
      let token = try gateway.token(roles: ["READ_NON_ASSOCIATIONS"], user: "STAFF1")
      let found = try await gateway.send(
        "GET",
        "/prisoner/A1234BC/non-associations",
        token: token,
        headers: [("X-Forwarded-For", "1.2.3.4, 8.8.8.8")]
      )
      try await gateway.database.run("drop table non_association cascade")
      let broken = try await gateway.get("/non-associations/77", token: token)
      #expect(found.status == 200)
      #expect(broken.status == 500)
      ids = [found, broken].map { $0.header("X-Correlation-Id") }
    }
    let lines = lines { sink in
      let write = AccessLogWriter.make(errorsOnly ? .errors : .all, format: .json, sink: sink, clock: clock)
      for entry in entries.withLock(\.self) { write?(entry) }
    }
    #expect(!lines.contains { $0.contains("A1234BC") || $0.contains("/77") })
    try #require(lines.count == (errorsOnly ? 1 : 2))
    let last = try JSON(parsing: Array(lines[lines.count - 1].utf8))
    #expect(last["level"] == "error")
    #expect(last["message"] == "GET /non-associations/{id} 500")
    #expect(last["status"] == "500")
    #expect(last["user"] == "STAFF1")
    #expect(last["client"] == "test-client")
    #expect(last["module"] == "non-associations")
    #expect(last["correlationId"]?.text == ids[1])
    #expect(last["remote"] == "127.0.0.1")
    #expect(last["durationMs"]?.text?.wholeMatch(of: /[0-9]+\.[0-9]{3}/) != nil)
    if !errorsOnly {
      let first = try JSON(parsing: Array(lines[0].utf8))
      #expect(first["level"] == "info")
      #expect(first["route"] == "/prisoner/{prisonerNumber}/non-associations")
      #expect(first["correlationId"]?.text == ids[0])
      #expect(first["remote"] == "8.8.8.8")
    }
  }

  @Test("More lines than may wait are dropped and counted, and nobody waits for the reader")
  func overflow() throws {
    let pipe = Pipe()
    let sink = LogSink(fileDescriptor: pipe.fileHandleForWriting.fileDescriptor, capacity: 100)
    // More than a pipe holds: the log's thread blocks in the middle of it.
    let long = String(repeating: "x", count: 2_000_000)
    sink.write { long }
    for number in 0..<200 { sink.write { "line \(number)" } }
    let reader = pipe.fileHandleForReading
    let text = Mutex("")
    let isRead = DispatchSemaphore(value: 0)
    DispatchQueue.global().async {
      let data = reader.readDataToEndOfFile()
      text.withLock { $0 = String(decoding: data, as: UTF8.self) }
      isRead.signal()
    }
    sink.drain()
    try pipe.fileHandleForWriting.close()
    isRead.wait()
    let lines = text.withLock { $0.split(separator: "\n").map(String.init) }
    #expect(lines.first?.count == 2_000_000)
    let kept = lines.filter { $0.hasPrefix("line ") }.count
    #expect(kept < 200)
    let notes = lines.compactMap { $0.firstMatch(of: /log: ([0-9]+) lines dropped/).flatMap { Int($0.1) } }
    #expect(kept + notes.reduce(0, +) == 200)
  }
}
