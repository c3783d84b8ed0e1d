import EventLoops
import Foundation
import PrivateCluster
import TestKit
import Testing
import Time

@testable import Gateway

/// `/metrics` is answered while what it tells of is not.
@Suite("A scrape waits for nothing outside the process", .serialized)
struct FrozenMetricsTests {
  /// A scrape, which must be answered within two seconds: less than any wait for a database or a broker.
  private func scrape(_ port: UInt16) throws -> String {
    let descriptor = try SocketClient.connect(port: port, patience: 2)
    defer { close(descriptor) }
    let request = "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    _ = send(descriptor, request, request.utf8.count, Int32(MSG_NOSIGNAL))
    var text: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(descriptor, &chunk, chunk.count, 0)
      guard count >= 0 else { throw SocketFailure(description: "no answer within two seconds") }
      if count == 0 { return String(decoding: text, as: UTF8.self) }
      text += chunk[..<count]
    }
  }

  private func isWhole(_ text: String) -> Bool {
    [
      "process_resident_memory_bytes ", "process_open_fds ", "eventloop_turns_total{",
      "events_published_total{",
      "db_client_connection_count{",
    ].allSatisfy { text.contains("\n" + $0) }
  }

  private func ages(_ text: String) -> [Double] {
    text.split(separator: "\n").filter { $0.hasPrefix("gateway_metrics_reading_age_seconds{") }
      .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }
  }

  @Test(
    "The database frozen: each scrape has the process whole, the outbox as it was, and after half a minute its age alone"
  )
  func database() async throws {
    let cluster = try await PrivateCluster()
    let result: Result<Void, any Error>
    do {
      let database = TestDatabase(url: cluster.connectionString)
      try await withGateway(on: database, settings: ["METRICS_PORT": "0"]) { (gateway) async throws in
        let port = try #require(gateway.application.metricsAddress).port
        try await eventually("the outbox is counted") {
          try scrape(port).contains("\nevents_outbox_messages{")
        }
        try cluster.freeze()
        // Every pause and every time-out of a reading lies in this time.
        let end = MonotonicInstant.now() + .seconds(33)
        while .now() < end {
          #expect(isWhole(try scrape(port)))
          try await Task.sleep(for: .milliseconds(250))
        }
        let late = try scrape(port)
        #expect(isWhole(late) && !late.contains("\nevents_outbox_messages{"))
        #expect(ages(late).allSatisfy { $0 > 30 })
        try cluster.thaw()
        try await eventually("the outbox is counted") {
          try scrape(port).contains("\nevents_outbox_messages{")
        }
      }
      result = .success(())
    } catch {
      try? cluster.thaw()
      result = .failure(error)
    }
    await cluster.remove()
    try result.get()
  }

  @Test("The broker frozen: the process and the outbox are there, queues are not")
  func broker() async throws {
    // Takes connections, and never answers.
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) | listen(descriptor, 512) | getsockname(descriptor, $0, &length)
      }
    }
    try #require(bound == 0)
    let settings = [
      "HMPPS_SQS_PROVIDER": "localstack",
      "HMPPS_SQS_LOCALSTACK_URL": "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))",
    ]
    try await withGateway(settings: settings, patientsOutbox: nil) { (gateway) async throws in
      #expect(try await gateway.get("/health/readiness").status == 200)
      try await eventually("the outbox is counted") {
        try scrape(gateway.port).contains("\nevents_outbox_messages{")
      }
      for _ in 0..<20 {
        let text = try scrape(gateway.port)
        #expect(
          isWhole(text) && text.contains("\nevents_outbox_messages{")
            && !text.contains("\nevents_queue_messages{")
        )
        try await Task.sleep(for: .milliseconds(250))
      }
    }
  }

  @Test("Name servers that hang, and with them the threads that look names up: a scrape has its own")
  func nameServer() async throws {
    try await withGateway { (gateway) async throws in
      let texts: [String] = try await withCheckedThrowingContinuation { continuation in
        // A thread of its own, as those that are shared are taken.
        Thread.detachNewThread {
          let hanging = DispatchSemaphore(value: 0)
          let began = DispatchSemaphore(value: 0)
          let count = 4 * ProcessInfo.processInfo.activeProcessorCount
          for _ in 0..<count {
            DispatchQueue.global().async {
              began.signal()
              hanging.wait()
            }
          }
          began.wait()
          let result = Result { try (0..<5).map { _ in try scrape(gateway.port) } }
          for _ in 0..<count { hanging.signal() }
          continuation.resume(with: result)
        }
      }
      #expect(texts.allSatisfy(isWhole))
    }
  }
}
