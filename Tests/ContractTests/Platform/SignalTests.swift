import Foundation
import Subprocess
import TestKit
import Testing

@testable import Gateway

/// From its start to its end SIGTERM and SIGINT end the program within a second, whatever it waits for, and no session of
/// it is left at the database.
@Suite("Signals")
struct SignalTests {
  /// A command, and what it waits for when the signal comes.
  struct Row: Sendable, CustomTestStringConvertible {
    enum Stage: Sendable {
      /// Whatever it does a moment after its start.
      case starting(milliseconds: Int)
      case databaseRefuses
      case databaseSilent
      case nameServerSilent
      case advisoryLock
      case definitionLock
      case tableLock(String)
      case upstreamSilent(String)
      case outputFull
    }

    let command: String
    let stage: Stage
    let signal: Int32

    var testDescription: String { "gateway \(command), \(stage), signal \(signal)" }
  }

  static let rows: [Row] = {
    let search = "API_BASE_URL_PRISONER_SEARCH"
    let stages: [(String, [Row.Stage])] = [
      (
        "serve",
        [
          .databaseRefuses, .databaseSilent, .nameServerSilent, .advisoryLock, .definitionLock,
          .upstreamSilent("HMPPS_SQS_LOCALSTACK_URL"),
        ]
      ),
      ("migrate", [.databaseRefuses, .databaseSilent, .nameServerSilent, .advisoryLock, .definitionLock]),
      ("migrate --dry-run", [.databaseSilent, .nameServerSilent]),
      ("adopt", [.databaseSilent, .nameServerSilent, .tableLock("non_association")]),
      (
        "batch past-date-check",
        [
          .databaseSilent, .nameServerSilent, .tableLock("restricted_patients"),
          .tableLock("restricted_patients_job"), .upstreamSilent("API_BASE_URL_OAUTH"),
        ]
      ),
      ("doctor", [.databaseSilent, .nameServerSilent, .upstreamSilent(search)]),
      ("config", [.outputFull]), ("config --describe", [.outputFull]), ("version", [.outputFull]),
      ("token --list", [.outputFull]), ("--help", [.outputFull]), ("serve --help", [.outputFull]),
    ]
    let early = stages.map(\.0).flatMap { command in
      [0, 20, 60].map { (command, Row.Stage.starting(milliseconds: $0)) }
    }
    let all = early + stages.flatMap { command, stages in stages.map { (command, $0) } }
    return all.flatMap { command, stage in
      [SIGTERM, SIGINT].map { Row(command: command, stage: stage, signal: $0) }
    }
  }()

  /// A second, and what a busy machine adds.
  private static let limit = Duration.seconds(3)

  @Test("End any command at any stage", arguments: rows)
  func ends(_ row: Row) async throws {
    let isMigrated =
      switch row.stage {
      case .advisoryLock, .definitionLock: false
      default: true
      }
    let database = isMigrated ? try await World.makeDatabase() : try await Self.emptyDatabase()
    var settings = Program.settings(database: database.url)
    let silent = try SilentServer()
    var library: PreloadedLibrary?
    var locking: LockingSession?
    var pipe: Pipe?
    defer { library?.remove() }
    switch row.stage {
    case .starting: break
    case .databaseRefuses: settings["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/nothing"
    case .databaseSilent: settings["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:\(silent.port)/nothing"
    case .nameServerSilent:
      let port = silent.port
      library = try PreloadedLibrary(Self.silentResolver(port: port))
      settings["LD_PRELOAD"] = library?.path
      settings["DATABASE_URL"] = "postgresql://nobody@database.example/nothing"
    case .advisoryLock:
      locking = try await LockingSession(
        "select pg_advisory_xact_lock(x'6761746577617931'::bigint)",
        url: database.url
      )
    case .definitionLock:
      locking = try await LockingSession(
        "create table gateway_schema_history (module text)",
        url: database.url
      )
    case .tableLock(let table):
      locking = try await LockingSession("lock table \(table) in access exclusive mode", url: database.url)
    case .upstreamSilent(let name):
      settings[name] = "http://127.0.0.1:\(silent.port)"
      if name == "HMPPS_SQS_LOCALSTACK_URL" { settings["HMPPS_SQS_PROVIDER"] = "localstack" }
      try await database.run(
        """
        insert into restricted_patients (prisoner_number, from_location_id, hospital_location_code, supporting_prison_id, discharge_time,
          comment_text, create_user_id, create_datetime) values ('A1234BC', 'MDI', 'HAZLWD', 'MDI', now(), 'x', 'X', now())
        """
      )
    case .outputFull: pipe = try Self.fullPipe()
    }
    let program = try Program(
      row.command.split(separator: " ").map(String.init),
      settings,
      output: pipe?.fileHandleForWriting
    )
    switch row.stage {
    case .starting(let milliseconds): try await Task.sleep(for: .milliseconds(milliseconds))
    case .databaseRefuses: try await program.says("database connection failed")
    case .databaseSilent, .upstreamSilent, .nameServerSilent: try await silent.isCalled()
    case .advisoryLock, .definitionLock, .tableLock:
      try await eventually("a session waits for a lock") {
        try await Self.sessions(database, "wait_event_type = 'Lock'") > 0
      }
    case .outputFull:
      try await eventually("the program waits to write") { try Self.waitsToWrite(program.processID) }
    }
    program.send(row.signal)
    let ending = try await program.ending(within: Self.limit)
    // A command may have been done just then, or found something wrong.
    let isEarly = if case .starting = row.stage { true } else { false }
    let isDone = if case .exited(let status) = ending { status == 0 || isEarly } else { false }
    #expect(ending == .signalled(row.signal) || isDone, "\(ending): \(program.text)")
    try await eventually("no session is left", within: Self.limit) { try await Self.sessions(database) == 0 }
    if row.command.hasPrefix("batch") {
      locking?.letGo()
      #expect(try await database.count("restricted_patients_job where running_until is not null") == 0)
    }
    locking?.letGo()
    World.drop(database)
  }

  @Test("The first lets what is in flight finish, the second ends at once", arguments: [SIGTERM, SIGINT])
  func whileServing(signal: Int32) async throws {
    let database = try await World.makeDatabase()
    let settings = Program.settings(database: database.url)
      .merging(["SERVER_SHUTDOWN_TIMEOUT": "60s", "SERVER_HEADER_TIMEOUT": "60s"]) { $1 }
    let program = try Program(["serve"], settings)
    try await program.says(#""serving""#)
    let port = try #require(
      program.text.firstMatch(of: /"address":"127.0.0.1:([0-9]+)"/).flatMap { UInt16($0.1) }
    )
    // A statement that waits for a lock, on behalf of a request.
    let locking = try await LockingSession(
      "lock table gateway_outbox in access exclusive mode",
      url: database.url
    )
    let metrics = try AbandonedRequest(port: port, sending: "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    let slow = try AbandonedRequest(port: port, sending: "GET /health HTTP/1.1\r\nHost: x\r\n")
    try await eventually("a session waits for a lock") {
      try await Self.sessions(database, "wait_event_type = 'Lock'") > 0
    }
    program.send(signal)
    try await program.says("stopping; requests in flight may finish")
    program.send(signal)
    #expect(try await program.ending(within: Self.limit) == .signalled(signal))
    try await eventually("no session is left", within: Self.limit) { try await Self.sessions(database) == 0 }
    locking.letGo()
    metrics.close()
    slow.close()
    World.drop(database)
  }

  @Test("A log that nobody reads keeps no server from stopping", arguments: [false, true])
  func unreadLog(nonBlocking: Bool) async throws {
    let database = try await World.makeDatabase()
    let pipe = Pipe()
    let settings = Program.settings(database: database.url).merging([
      "ACCESS_LOG": "all", "METRICS_PORT": "0",
    ]) { $1 }
    let program = try Program(["serve"], settings, output: pipe.fileHandleForWriting)
    let reader = pipe.fileHandleForReading
    let started = await Task.detached {
      var text = ""
      while !text.contains(#""serving""#) {
        let data = reader.availableData
        if data.isEmpty { break }
        text += String(decoding: data, as: UTF8.self)
      }
      return text
    }.value
    let port = try #require(
      started.firstMatch(of: /"serving","address":"127.0.0.1:([0-9]+)"/).flatMap { UInt16($0.1) }
    )
    let descriptor = pipe.fileHandleForWriting.fileDescriptor
    if nonBlocking { _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) }
    // Far more lines than a pipe holds.
    let requests = String(repeating: "GET /health/ping HTTP/1.1\r\nHost: x\r\n\r\n", count: 50)
    for _ in 0..<40 {
      let bytes = Array((requests + "GET /health/ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").utf8)
      let answers = try await SocketClient.exchange(port: port, sending: bytes)
      #expect(String(decoding: answers, as: UTF8.self).components(separatedBy: "HTTP/1.1 200").count == 52)
    }
    program.send(SIGTERM)
    // Two seconds for the log, and what a busy machine adds.
    #expect(try await program.ending(within: .seconds(10)) == .exited(0))
    try pipe.fileHandleForWriting.close()
    let lines = String(decoding: reader.readDataToEndOfFile(), as: UTF8.self).split(separator: "\n")
    #expect(lines.count > 50)
    for line in lines { #expect(throws: Never.self) { try JSON(parsing: Array(line.utf8)) } }
    World.drop(database)
  }

  @Test("One alone ends a server that has nothing to do with 0", arguments: [SIGTERM, SIGINT, SIGHUP])
  func idle(signal: Int32) async throws {
    let database = try await World.makeDatabase()
    let program = try Program(["serve"], Program.settings(database: database.url))
    try await program.says(#""serving""#)
    program.send(signal)
    #expect(try await program.ending() == .exited(0))
    #expect(program.text.contains(#""stopped""#))
    World.drop(database)
  }

  @Test(
    "The all-in-one profile takes its PostgreSQL with it, whenever it is ended",
    arguments: [0, 300, 1500, 4000]
  )
  func allInOne(milliseconds: Int) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "all-in-one-\(UUID())").path
    let program = try Program(
      ["serve", "--profile", "all-in-one"],
      ["SERVER_PORT": "0", "GATEWAY_LOCAL_DATA": folder]
    )
    try await program.says("starting a private PostgreSQL")
    try await Task.sleep(for: .milliseconds(milliseconds))
    program.send(SIGTERM)
    let ending = try await program.ending(within: milliseconds < 4000 ? Self.limit : .seconds(30))
    #expect(ending == .signalled(SIGTERM) || ending == .exited(0), "\(ending): \(program.text)")
    // PostgreSQL, told by the kernel, writes its data before it goes.
    try await eventually("no process of it is left") { try Self.processes(naming: folder).isEmpty }
    try? FileManager.default.removeItem(atPath: folder)
  }

  @Test("play ends while the gateway that it has asked does not answer", arguments: [SIGTERM, SIGINT])
  func play(signal: Int32) async throws {
    let silent = try SilentServer()
    let folder = FileManager.default.temporaryDirectory.appending(path: "play-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try "\(LocalEndpoints.playName)=http://127.0.0.1:\(silent.port)/play\n"
      .write(toFile: LocalEndpoints.path(in: folder.path), atomically: true, encoding: .utf8)
    let program = try Program(["play", "merge", "A1234BC", "B2345CD", "--data", folder.path])
    try await silent.isCalled()
    program.send(signal)
    #expect(try await program.ending(within: Self.limit) == .signalled(signal))
  }

  // MARK: Helpers

  private static func emptyDatabase() async throws -> TestDatabase {
    let name = "signals_\(UInt64.random(in: 0 ... .max))"
    _ = try await Psql.run("create database \(name)", url: try Psql.serverURL)
    return TestDatabase(url: try Psql.url(database: name))
  }

  private static func sessions(_ database: TestDatabase, _ condition: String = "true") async throws -> Int {
    let name = database.url.split(separator: "/").last ?? ""
    let text = try await Psql.run(
      """
      select count(*) from pg_stat_activity
      where datname = '\(name)' and application_name like 'gateway%' and \(condition)
      """,
      url: try Psql.serverURL
    )
    return Int(text) ?? -1
  }

  /// A resolver that tells a port that it was asked, and then never answers.
  private static func silentResolver(port: UInt16) -> String {
    """
    #include <arpa/inet.h>
    #include <netdb.h>
    #include <unistd.h>
    int getaddrinfo(const char *n, const char *s, const struct addrinfo *h, struct addrinfo **r) {
      struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(\(port))};
      a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      int d = socket(AF_INET, SOCK_STREAM, 0);
      connect(d, (struct sockaddr *)&a, sizeof a);
      for (;;) pause();
    }
    """
  }

  /// A pipe with room for nothing.
  private static func fullPipe() throws -> Pipe {
    let pipe = Pipe()
    let descriptor = pipe.fileHandleForWriting.fileDescriptor
    let flags = fcntl(descriptor, F_GETFL)
    _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
    let filling = [UInt8](repeating: 0x2E, count: 4096)
    while write(descriptor, filling, filling.count) > 0 {}
    _ = fcntl(descriptor, F_SETFL, flags)
    return pipe
  }

  /// Whether a thread of a process is in a system call that writes to standard output.
  private static func waitsToWrite(_ process: Int32) throws -> Bool {
    let tasks = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")
    return tasks.contains { task in
      let call = try? String(contentsOfFile: "/proc/\(process)/task/\(task)/syscall", encoding: .utf8)
      // write is the first call of x86-64 and the sixty-fourth of the rest.
      return call.map { $0.hasPrefix("1 0x1 ") || $0.hasPrefix("64 0x1 ") } ?? false
    }
  }

  private static func processes(naming text: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { name in
      guard Int(name) != nil, let line = FileManager.default.contents(atPath: "/proc/\(name)/cmdline") else {
        return false
      }
      return String(decoding: line, as: UTF8.self).contains(text)
    }
  }
}
