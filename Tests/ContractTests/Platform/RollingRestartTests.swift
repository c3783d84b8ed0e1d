import Foundation
import Synchronization
import TestKit
import Testing

@Suite("A rolling restart")
struct RollingRestartTests {
  @Test(
    "fails no request of keep-alive clients that pause up to 100 ms, with a pause before SIGTERM and without",
    arguments: [true, false]
  )
  func underLoad(pauses: Bool) async throws {
    try await withGateway { (gateway) async throws in
      let id = try await gateway.database.insertOpen("A1234BC", "D5678EF")
      let request = """
        GET /non-associations/\(id) HTTP/1.1\r
        Host: gateway\r
        Authorization: Bearer \(try gateway.token(roles: ["READ_NON_ASSOCIATIONS"], expiresIn: 1_000_000_000))\r
        \r

        """
      // The gateways in processes of their own go by the system's clock.
      let balancer = Balancer(request: request)
      defer { balancer.stop() }
      // The test's own gateway stands for the other replica.
      balancer.add(gateway.port)
      for _ in 0..<3 {
        let settings = ["SERVER_DRAIN_TIME": "2s", "SERVER_SHUTDOWN_TIMEOUT": "20s"]
        try await GatewayProcess.run(beside: gateway, settings: settings) { process in
          let port = try process.port
          balancer.add(port)
          balancer.start(clients: 24)
          try await eventually("the one on port \(port) has answered 300 times") {
            balancer.answered(by: port) > 300
          }
          if pauses {
            balancer.remove(port)
            try await Task.sleep(for: .milliseconds(500))
            process.send(SIGTERM)
          } else {
            process.send(SIGTERM)
            // An ingress hears of it late.
            try await Task.sleep(for: .seconds(1))
            #expect(try await SocketClient.readiness(port: port) == 503)
            balancer.remove(port)
          }
          #expect(try await process.status() == 0)
        }
        try #require(balancer.failures.isEmpty, "\(balancer.failures.prefix(3))")
      }
      #expect(balancer.failures.isEmpty, "\(balancer.failures.prefix(3))")
    }
  }
}

extension SocketClient {
  fileprivate static func readiness(port: UInt16) async throws -> Int {
    try await send(port: port, method: "GET", target: "/health/readiness", headers: [], body: nil).status
  }
}

/// Clients that keep their connections, with pauses between their requests, and what leads their new connections to the
/// gateways in service, in turn.
private final class Balancer: Sendable {
  private struct State {
    var ports: [UInt16] = []
    var next = 0
    var answered: [UInt16: Int] = [:]
    var failures: [String] = []
    var clients = 0
    var isOver = false
  }

  private let request: String
  private let state = Mutex(State())
  private let running = DispatchGroup()

  init(request: String) { self.request = request }

  var failures: [String] { state.withLock { $0.failures } }

  func answered(by port: UInt16) -> Int { state.withLock { $0.answered[port, default: 0] } }
  func add(_ port: UInt16) { state.withLock { $0.ports.append(port) } }
  func remove(_ port: UInt16) { state.withLock { $0.ports.removeAll { $0 == port } } }

  /// Starts clients, if there are none yet; each has a thread of its own.
  func start(clients: Int) {
    let missing = state.withLock { state in
      defer { state.clients = clients }
      return clients - state.clients
    }
    for _ in 0..<max(0, missing) {
      running.enter()
      let thread = Thread {
        self.ask()
        self.running.leave()
      }
      thread.start()
    }
  }

  func stop() {
    state.withLock { $0.isOver = true }
    running.wait()
  }

  private func ask() {
    var connection: (descriptor: Int32, port: UInt16)?
    var uses = 0
    defer { if let connection { close(connection.descriptor) } }
    while !state.withLock({ $0.isOver }) {
      do {
        let current = try connection ?? connect()
        connection = current
        let answer = try exchange(current.descriptor)
        state.withLock { $0.answered[current.port, default: 0] += 1 }
        uses += 1
        guard answer.hasPrefix("HTTP/1.1 200 ") else { throw SocketFailure(description: answer) }
        // None is kept for ever, so that a new gateway gets its share.
        if answer.contains("\r\nConnection: close\r\n") || uses % 20 == 0 {
          close(current.descriptor)
          connection = nil
        }
      } catch {
        let isNew = connection == nil
        state.withLock { $0.failures.append("\(isNew ? "new" : "kept"): \(error)") }
        if let lost = connection { close(lost.descriptor) }
        connection = nil
      }
      usleep(.random(in: 0...100_000))
    }
  }

  private func connect() throws -> (descriptor: Int32, port: UInt16) {
    let port = try state.withLock { state in
      guard !state.ports.isEmpty else { throw SocketFailure(description: "nobody is in service") }
      state.next += 1
      return state.ports[state.next % state.ports.count]
    }
    return (try SocketClient.connect(port: port, patience: 10), port)
  }

  /// Sends the request and reads its answer's head and body.
  private func exchange(_ descriptor: Int32) throws -> String {
    guard send(descriptor, request, request.utf8.count, Int32(MSG_NOSIGNAL)) == request.utf8.count else {
      throw SocketFailure(description: "send: errno \(errno)")
    }
    var received: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16_384)
    while true {
      let count = recv(descriptor, &chunk, chunk.count, 0)
      guard count > 0 else { throw SocketFailure(description: "recv: \(count), errno \(errno)") }
      received += chunk[..<count]
      let text = String(decoding: received, as: UTF8.self)
      guard let head = text.range(of: "\r\n\r\n"),
        let length = text[..<head.lowerBound].firstMatch(of: /Content-Length: (\d+)/).flatMap({ Int($0.1) })
      else { continue }
      if text[head.upperBound...].utf8.count >= length { return String(text[..<head.upperBound]) }
    }
  }
}
