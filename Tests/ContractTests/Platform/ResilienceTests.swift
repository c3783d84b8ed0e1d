import Foundation
import HTTPTransport
import LocalStack
import Logging
import Postgres
import Synchronization
import TestKit
import Testing

@testable import Gateway

@Suite("The whole gateway, when something around it fails")
struct ResilienceTests {
  @Test(
    "while prisoner search hangs, reads are answered; what waits for it ends in an error, with nothing stored"
  )
  func hangingUpstream() async throws {
    try await withGateway(settings: ["API_TIMEOUT": "2s"]) { (gateway) async throws in
      let id = try await gateway.database.insertOpen("G9012HI", "L3456MN")
      let (reader, writer) = (try gateway.reader(), try gateway.writer())
      gateway.search.hang()
      try await withThrowingTaskGroup(of: Answer.self) { creates in
        for _ in 0..<20 {
          creates.addTask { try await gateway.post("/non-associations", CreateTests.body, token: writer) }
        }
        for _ in 0..<50 {
          #expect(try await gateway.get("/non-associations/\(id)", token: reader).status == 200)
        }
        for try await answer in creates {
          #expect(answer.status == 500)
          #expect(try answer.json["userMessage"]?.text?.hasPrefix("Unexpected error: ") == true)
        }
      }
      #expect(try await gateway.database.count("non_association") == 1)
    }
  }

  @Test("while PostgreSQL's backends are killed, no acknowledged create is lost, and reads go on")
  func killedBackends() async throws {
    try await withGateway { (gateway) async throws in
      let others = (0..<60).map { "K\(1000 + $0)KK" }
      gateway.search.setPrisoners(
        gateway.search.contractPrisoners + others.map { SearchPrisoner($0, "A", "B", "MDI", "M", nil) }
      )
      let (reader, writer) = (try gateway.reader(), try gateway.writer())
      var acknowledged: [Int] = []
      for round in 0..<10 {
        try await withThrowingTaskGroup(of: Answer?.self) { tasks in
          tasks.addTask {
            try await gateway.database.run(
              """
              select pg_terminate_backend(pid) from pg_stat_activity
              where datname = current_database() and pid <> pg_backend_pid()
              """
            )
            return nil
          }
          for other in others[round * 6..<round * 6 + 6] {
            tasks.addTask {
              try await gateway.post("/non-associations", CreateTests.body(second: other), token: writer)
            }
          }
          for try await case let answer? in tasks {
            if answer.status == 201 {
              acknowledged.append(try #require(try answer.json["id"]?.number))
            } else {
              #expect(answer.status == 500 || answer.status == 503)
            }
          }
        }
      }
      for id in acknowledged {
        #expect(try await gateway.get("/non-associations/\(id)", token: reader).status == 200)
      }
      #expect(try await gateway.database.count("non_association") >= acknowledged.count)
    }
  }

  @Test(
    "while PostgreSQL is stopped and killed under load, no acknowledged create is lost and nothing is held after"
  )
  func restartedDatabase() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "restart-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let dataFolder = try DataFolder(folder)
    let server = try await PrivatePostgres.start(
      in: dataFolder,
      searchPath: ProcessInfo.processInfo.environment["PATH"] ?? "",
      clock: try World.group.get(),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    )
    let result: Result<Void, any Error>
    do {
      result = .success(try await restart(server))
    } catch {
      result = .failure(error)
    }
    await server.stop()
    dataFolder.unlock()
    try result.get()
  }

  /// Six writers and four readers go on until the server was stopped, killed and stopped again, and each writer has
  /// been answered 201 after that.
  private func restart(_ server: PrivatePostgres) async throws {
    try await withGateway(on: TestDatabase(url: server.connectionString)) { (gateway) async throws in
      gateway.search.answerAnyone(in: "MDI")
      let (reader, writer) = (try gateway.reader(), try gateway.writer())
      let progress = AcknowledgedCreates()
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        defer { progress.end() }
        for worker in 0..<6 {
          tasks.addTask {
            for number in 0... {
              if progress.isOver { return }
              let second = "K\(1000 + number % 9000)\(["AA", "BB", "CC", "DD", "EE", "FF"][worker])"
              let answer = try await gateway.post(
                "/non-associations",
                CreateTests.body(second: second),
                token: writer
              )
              if answer.status == 201 {
                progress.acknowledged(try #require(try answer.json["id"]?.number), by: worker)
              } else {
                #expect([409, 500, 503].contains(answer.status))
              }
            }
          }
        }
        for _ in 0..<4 {
          tasks.addTask {
            while !progress.isOver {
              let status = try await gateway.get("/non-associations/1", token: reader).status
              #expect([200, 404, 503].contains(status))
            }
          }
        }
        for signal in [SIGINT, SIGKILL, SIGINT] {
          try await progress.waitForOneOfEach()
          let processID = try #require(server.processID)
          kill(pid_t(processID), signal)
        }
        try await progress.waitForOneOfEach()
        progress.end()
        try await tasks.waitForAll()
      }
      let acknowledged = progress.all
      #expect(Set(acknowledged).count == acknowledged.count)
      for id in acknowledged {
        // A loop that had nothing to write may still wait for its next attempt to connect.
        try await eventually("the database is used again") {
          try await gateway.get("/non-associations/\(id)", token: reader).status != 503
        }
        #expect(try await gateway.get("/non-associations/\(id)", token: reader).status == 200)
      }
      // The relay has transactions of its own now and then.
      try await eventually("every connection is given back") {
        let statistics = await gateway.application.database.statistics()
        return statistics.transactions.inUse == 0 && statistics.transactions.waiting == 0
          && statistics.reads.inFlight == 0 && statistics.reads.waiting == 0
      }
      let deadline = ContinuousClock.now + .seconds(10)
      while gateway.application.server.openConnections > 0 {
        try #require(ContinuousClock.now < deadline)
        await Task.yield()
      }
    }
  }
}

/// What the writers have been told so far.
private final class AcknowledgedCreates: Sendable {
  private struct State {
    var ids: [Int] = []
    var sinceLastWait = [Int](repeating: 0, count: 6)
    var isOver = false
  }

  private let state = Mutex(State())

  var all: [Int] { state.withLock { $0.ids } }

  func acknowledged(_ id: Int, by worker: Int) {
    state.withLock { state in
      state.ids.append(id)
      state.sinceLastWait[worker] += 1
    }
  }

  var isOver: Bool { state.withLock { $0.isOver } }

  func end() { state.withLock { $0.isOver = true } }

  /// Until each writer has created one more.
  func waitForOneOfEach() async throws {
    state.withLock { $0.sinceLastWait = [Int](repeating: 0, count: 6) }
    let deadline = ContinuousClock.now + .seconds(60)
    while state.withLock({ $0.sinceLastWait.contains(0) }) {
      try #require(ContinuousClock.now < deadline, "no writer got through for a minute")
      await Task.yield()
    }
  }
}
