import Foundation
import Logging
import Synchronization
import Testing

/// What is refused or fails before or beside any rule, and how to find it in the log (docs/contract/platform.md §2.4,
/// §2.5, §13 row 9).
@Suite("docs/contract/platform.md §2: Refusals and failures")
struct RefusalTests {
  @Test(
    "paths that the firewall refused are 400",
    .sharedGateway,
    arguments: [
      "/constants;a=b", "//constants", "/a/../constants", "/constants%2e", "/a%25b", "/a%00", "/a%2fb",
      "/a%5cb",
    ]
  )
  func refusedPaths(path: String) async throws {
    try await withGateway(at: Surface.all[0]) { (gateway, _) async throws in
      for base in ["", "/non-associations-api", "/restricted-patients-api"] {
        let answer = try await gateway.get(base + path, token: gateway.reader())
        #expect(answer.status == 400)
        try expectRefusal(answer, 400)
      }
    }
  }

  @Test(
    "what the server itself refuses has a body in the shape of both services, and an id that is in the log"
  )
  func transport() async throws {
    let log = RecordedLog()
    let settings = ["SERVER_HEADER_TIMEOUT": "300ms", "SERVER_MAX_HEADER_BYTES": "2048"]
    try await withGateway(settings: settings, logger: log.logger) { (gateway) async throws in
      func exchange(_ text: String) async throws -> Answer {
        let bytes = try await SocketClient.exchange(port: gateway.port, sending: Array(text.utf8))
        return try SocketClient.parse(bytes, isHead: false)
      }
      let end = "Host: a\r\n\r\n"
      for (status, text) in [
        (400, "GET / HTTP/1.1\r\n bad\r\n\(end)"), (400, "GET /constants%2e HTTP/1.1\r\n\(end)"),
        (408, "GET / HTTP/1.1\r\n"), (501, "FOO / HTTP/1.1\r\n\(end)"),
        (431, "GET / HTTP/1.1\r\nX: \(String(repeating: "a", count: 4000))\r\n\(end)"),
      ] {
        let answer = try await exchange(text)
        try expectRefusal(answer, status)
        let id = try #require(answer.header("X-Correlation-Id"))
        let line = try #require(log.lines.first { $0.metadata["correlationId"] == id }, "\(status)")
        #expect(line.metadata["status"] == String(status))
      }
    }
  }

  private func expectRefusal(_ answer: Answer, _ status: Int) throws {
    #expect(answer.status == status)
    #expect(answer.header("Content-Type") == "application/json")
    let json = try answer.json
    #expect(json.keys == ["status", "userMessage", "developerMessage", "errorCode", "moreInfo"])
    #expect(json["status"]?.number == status)
    #expect(json["userMessage"]?.text?.isEmpty == false)
    #expect(answer.header("X-Correlation-Id")?.isEmpty == false)
  }

  @Test(
    "a body that is too large is 413, one that comes too slowly 408",
    .sharedGateway(settings: ["SERVER_MAX_BODY_BYTES": "2000", "SERVER_BODY_TIMEOUT": "300ms"]),
    arguments: Surface.all
  )
  func bodies(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, client) async throws in
      let large = try await client.post(
        surface.write,
        String(repeating: " ", count: 3000),
        token: gateway.writer()
      )
      try expectRefusal(large, 413)
      let slow = try await SocketClient.exchange(
        port: gateway.port,
        sending: Array(
          """
          POST \(surface.basePath)\(surface.write) HTTP/1.1\r
          Host: \(client.authority)\r
          Authorization: Bearer \(try gateway.writer())\r
          Content-Type: application/json\r
          Content-Length: 100\r
          \r
          {
          """.utf8
        )
      )
      try expectRefusal(try SocketClient.parse(slow, isHead: false), 408)
    }
  }

  @Test(
    "an error that nobody expected tells the caller nothing of the inside, but how to find it",
    arguments: Surface.all
  )
  func internalError(surface: Surface) async throws {
    let log = RecordedLog()
    try await withGateway(logger: log.logger) { (gateway) async throws in
      try await gateway.database.run("drop table non_association, restricted_patients cascade")
      let path =
        surface.service == .nonAssociations ? "/non-associations/1" : "/restricted-patient/prison-number/A1"
      let answer = try await gateway.at(surface).get(path, token: gateway.reader())
      #expect(answer.status == 500)
      let text = answer.text.lowercased()
      for word in ["select", " relation", "non_association", "restricted_patients", "sql", "swift"] {
        #expect(!text.contains(word))
      }
      let id = try #require(answer.header("X-Correlation-Id"))
      #expect(try answer.json["userMessage"]?.text?.hasPrefix("Unexpected error: ") == true)
      #expect(answer.text.contains(id))
      let line = try #require(log.lines.first { $0.metadata["correlationId"] == id })
      #expect(line.level == .error)
      #expect(line.metadata["sqlState"] == "42P01")
    }
  }

  @Test(
    "without a database connection in time it is 503 with Retry-After",
    .sharedGateway(settings: ["DATABASE_LEASE_TIMEOUT": "200ms"]),
    arguments: Surface.all
  )
  func unavailable(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, client) async throws in
      try await gateway.database.refuseConnections()
      let path =
        surface.service == .nonAssociations ? "/non-associations/1" : "/restricted-patient/prison-number/A1"
      let answer = try await client.get(path, token: gateway.reader())
      try expectRefusal(answer, 503)
      #expect(answer.header("Retry-After") == "1")
    }
  }
}

/// Keeps the lines of a log.
final class RecordedLog: Sendable {
  struct Line: Sendable {
    let level: Logger.Level
    let message: String
    let metadata: [String: String]
  }

  private let state = Mutex<[Line]>([])

  var lines: [Line] { state.withLock { $0 } }
  var logger: Logger { Logger(label: "test") { [self] _ in Handler(log: self) } }

  private struct Handler: LogHandler {
    let log: RecordedLog
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.debug

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let all = metadata.merging(event.metadata ?? [:]) { $1 }
      let line = Line(
        level: event.level,
        message: event.message.description,
        metadata: all.mapValues(\.description)
      )
      log.state.withLock { $0.append(line) }
    }
  }
}
