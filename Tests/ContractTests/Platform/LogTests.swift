import Foundation
import HTTPTransport
import Instrumentation
import Logging
import Observability
import ServiceKit
import Synchronization
import Testing
import Time

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

  /// A pipe that its reader has let run full.
  private func fullPipe(nonBlocking: Bool) -> Pipe {
    let pipe = Pipe()
    let descriptor = pipe.fileHandleForWriting.fileDescriptor
    let flags = fcntl(descriptor, F_GETFL)
    _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
    let filling = [UInt8](repeating: UInt8(ascii: "\n"), count: 4096)
    while Glibc.write(descriptor, filling, filling.count) > 0 {}
    if !nonBlocking { _ = fcntl(descriptor, F_SETFL, flags) }
    return pipe
  }

  @Test(
    "The end waits no longer than it must for a log that nobody reads, and leaves no line half written",
    arguments: [false, true]
  )
  func unread(nonBlocking: Bool) throws {
    let pipe = fullPipe(nonBlocking: nonBlocking)
    // In a process of its own the sink would end with it: here its thread goes on once the pipe is read.
    let sink = LogSink(fileDescriptor: pipe.fileHandleForWriting.fileDescriptor)
    for number in 0..<3000 {
      sink.write { #"{"line":"\#(number)","filling":"\#(String(repeating: "x", count: number % 700))"}"# }
    }
    let begun = ContinuousClock.now
    sink.drain(within: .milliseconds(200))
    let taken = ContinuousClock.now - begun
    #expect(taken >= .milliseconds(200) && taken < .seconds(20))
    // As much as a pipe gives at once: it must end with a line, however often the writer is stopped.
    let reader = pipe.fileHandleForReading.fileDescriptor
    var text: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    func hasLastLine() -> Bool {
      text.last == UInt8(ascii: "\n")
        && String(decoding: text.suffix(2000), as: UTF8.self).contains(#""line":"2999""#)
    }
    while !hasLastLine() {
      let count = read(reader, &chunk, chunk.count)
      try #require(count > 0)
      text += chunk[..<count]
    }
    sink.drain()
    let lines = String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
    #expect(lines.count == 3000)
    for (number, line) in lines.enumerated() {
      #expect(try JSON(parsing: Array(line.utf8))["line"]?.text == String(number))
    }
  }

  @Test("What a pipe holds when the process ends is whole lines", arguments: [false, true])
  func wholeLines(nonBlocking: Bool) throws {
    let pipe = fullPipe(nonBlocking: nonBlocking)
    let sink = LogSink(fileDescriptor: pipe.fileHandleForWriting.fileDescriptor)
    for number in 0..<3000 { sink.write { "<\(String(repeating: "x", count: number % 3000))>" } }
    sink.drain(within: .milliseconds(50))
    let reader = pipe.fileHandleForReading.fileDescriptor
    // One page after another is taken, and each time the log goes on as far as it can: then it "ends".
    var chunk = [UInt8](repeating: 0, count: 4096)
    for _ in 0..<40 {
      try #require(read(reader, &chunk, chunk.count) > 0)
      sink.drain(within: .milliseconds(5))
    }
    _ = fcntl(reader, F_SETFL, fcntl(reader, F_GETFL) | O_NONBLOCK)
    var text: [UInt8] = []
    var size: Int32 = 0
    _ = ioctl(reader, UInt(FIONREAD), &size)
    // What is in the pipe at this moment, as after the writer's death.
    while text.count < size {
      let count = read(reader, &chunk, min(chunk.count, Int(size) - text.count))
      try #require(count > 0)
      text += chunk[..<count]
    }
    #expect(text.last == UInt8(ascii: "\n"))
    let whole = String(decoding: text, as: UTF8.self).split(separator: "\n").dropFirst()
    #expect(whole.allSatisfy { $0.first == "<" && $0.last == ">" || $0.isEmpty })
    // The thread of the sink is not to be left behind.
    _ = fcntl(reader, F_SETFL, fcntl(reader, F_GETFL) & ~O_NONBLOCK)
    let rest = pipe.fileHandleForReading
    DispatchQueue.global().async { while !rest.availableData.isEmpty {} }
    sink.drain(within: .seconds(30))
    try pipe.fileHandleForWriting.close()
  }

  @Test("Lines that cannot be written are counted, and the next one begins on a line of its own")
  func fullDisk() throws {
    let device = open("/dev/full", O_WRONLY)
    try #require(device >= 0)
    let saved = dup(device)
    defer { for descriptor in [device, saved] { close(descriptor) } }
    let sink = LogSink(fileDescriptor: device) { "dropped \($0)" }
    for number in 0..<7 { sink.write { "line \(number)" } }
    sink.drain()
    let pipe = Pipe()
    // The disk has room again.
    dup2(pipe.fileHandleForWriting.fileDescriptor, device)
    sink.write { "after" }
    sink.drain()
    dup2(saved, device)
    try pipe.fileHandleForWriting.close()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    #expect(text == "after\ndropped 7\n")
  }
}
