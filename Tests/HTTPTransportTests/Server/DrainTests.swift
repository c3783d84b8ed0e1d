import Dispatch
import EventLoops
import HTTPTransport
import HTTPTypes
import Synchronization
import TestKit
import Testing

@testable import HTTPTransport

private let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

@Suite("Draining")
struct DrainTests {
  private static func announcesEnd(_ server: TestServer) -> Bool {
    guard let connection = try? server.connect() else { return false }
    connection.send(request)
    return (try? connection.response())?["connection"] == "close"
  }

  @Test(
    "While it drains, old and new connections are answered, each answer says close, and then nobody is taken"
  )
  func announces() async throws {
    try await withServer { server in
      let old = try server.connect()
      old.send(request)
      #expect(try old.response()["connection"] == nil)
      let silent = try server.connect()
      try await eventually("two connections are open") { server.server.openConnections == 2 }
      let ending = Task { await server.server.shutdown(within: .seconds(30), draining: .seconds(3)) }
      try await eventually("answers announce the end") { Self.announcesEnd(server) }
      old.send(request)
      let last = try old.response()
      #expect(last.status == 200)
      #expect(last["connection"] == "close")
      #expect(try old.readToEnd().isEmpty)
      // It has been there all the time without a request, and is closed without a word.
      #expect(try silent.isClosedSilently())
      await ending.value
      #expect(throws: RawConnection.Failure.self) { try server.connect() }
    }
  }

  @Test("A request behind the one that was told to close does not cost that one its answer")
  func crossing() async throws {
    try await withServer { server in
      let connection = try server.connect()
      let ending = Task { await server.server.shutdown(within: .seconds(30), draining: .seconds(2)) }
      try await eventually("answers announce the end") { Self.announcesEnd(server) }
      connection.send(request + request)
      // Still sent when the answer is here already.
      for _ in 0..<20 { connection.send(request) }
      #expect(try connection.response()["connection"] == "close")
      #expect(try connection.readToEnd().isEmpty)
      #expect(!connection.wasReset)
      connection.close()
      await ending.value
    }
  }

  @Test("Connects during a shutdown are answered or refused; none is reset", arguments: [0, 300])
  func backlog(milliseconds: Int) async throws {
    for _ in 0..<2 {
      try await withServer { server in
        let outcomes = Mutex<(answered: Int, failures: [String])>((0, []))
        let clients = DispatchGroup()
        for number in 0..<8 {
          // A queue of its own: the shared ones have threads for as many as there are cores, and this test needs one.
          DispatchQueue(label: "client \(number)").async(group: clients) {
            while true {
              do {
                let connection = try server.connect()
                connection.send(request)
                guard try connection.response().status == 200 else {
                  throw RawConnection.Failure(description: "not answered")
                }
                outcomes.withLock { $0.answered += 1 }
              } catch let failure as RawConnection.Failure where failure.isRefusal {
                return
              } catch {
                outcomes.withLock { $0.failures.append("\(error)") }
                return
              }
            }
          }
        }
        try await eventually("more than a hundred are answered") { outcomes.withLock { $0.answered > 100 } }
        await server.server.shutdown(within: .seconds(30), draining: .milliseconds(milliseconds))
        await withCheckedContinuation { continuation in
          clients.notify(queue: .global()) { continuation.resume() }
        }
        #expect(outcomes.withLock { $0.failures } == [])
      }
    }
  }

  @Test("Each stage closes what the one before it does, and more")
  func stages() {
    #expect(
      DrainStage.serving < .announcing && DrainStage.announcing < .finishing
        && .finishing < DrainStage.closing
    )
    let all: [DrainStage] = [.serving, .announcing, .finishing, .closing]
    #expect(all.map(\.announcesEnd) == [false, true, true, true])
    #expect(all.map { $0.closesIdle(hasServed: true) } == [false, false, true, true])
    #expect(all.map { $0.closesIdle(hasServed: false) } == [false, false, false, true])
  }
}
