import EventLoops
import Foundation
import HTTPTransport
import HTTPTypes
import Logging
import ServerTestKit
import TestKit
import Testing
import Time

@testable import Gateway

@Suite("A stop while everything is stuck")
struct StuckStopTests {
  @Test(
    "is over in its time: a hanging request, a handler, the database, a collector and the broker hold nothing up"
  )
  func everything() async throws {
    let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let collector = HTTPServer(
      configuration: HTTPServerConfiguration(),
      tls: nil,
      group: try World.group.get(),
      logger: quiet,
      responder: { _ in
        try? await Task.sleep(for: .seconds(3600))
        return ServerResponse(status: .ok)
      }
    )
    let address = try await collector.start(
      address: try #require(SocketAddress(numeric: "127.0.0.1", port: 0))
    )
    try await MessagingWorld.run(.inProcess) { (world) async throws in
      let gateway = world.gateway
      gateway.prisonAPI.stubMovements(ScriptedUpstream.movement())
      gateway.prisonAPI.hold(ScriptedUpstream.movements)
      let settings = [
        "SERVER_DRAIN_TIME": "1s", "SERVER_SHUTDOWN_TIMEOUT": "6s",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://\(address)", "API_TIMEOUT": "60s",
      ]
      try await GatewayProcess.run(beside: gateway, settings: settings) { process in
        // The handlers of both gateways have their hands full.
        try await TwoGatewaysTests.release(60, world)
        try await TwoGatewaysTests.bothHaveTheirHandsFull(world)
        gateway.search.hang()
        let body = CreateTests.body(second: "K1234KK")
        let head = """
          POST /non-associations HTTP/1.1\r
          Host: gateway\r
          Authorization: Bearer \(try gateway.token(roles: ["WRITE_NON_ASSOCIATIONS"], user: "U", expiresIn: 1_000_000_000))\r
          Content-Type: application/json\r
          Content-Length: \(body.utf8.count)\r
          \r

          """
        let hanging = try SlowRequest(port: try process.port, head + body)
        try await eventually("prisoner search is asked") { !gateway.search.requests.isEmpty }
        let backends = try await gateway.database.row(
          "select string_agg(pid::text, ',') from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        ).split(separator: ",").compactMap { pid_t($0) }
        for backend in backends { kill(backend, SIGSTOP) }
        defer { for backend in backends { kill(backend, SIGCONT) } }
        let start = MonotonicInstant.now()
        process.send(SIGTERM)
        _ = try await process.status()
        let limit = Duration.seconds(6) + StopWatchdog.grace
        #expect(MonotonicInstant.now().duration(since: start) < limit + .seconds(3))
        withExtendedLifetime(hanging) {}
      }
    }
    await collector.shutdown(within: .zero)
  }

  @Test("Its parts have their times in order, whatever is set", arguments: [2, 6, 30, 300], [0, 1, 5, 60])
  func plan(limit: Int, draining: Int) {
    let now = MonotonicInstant(nanoseconds: 1_000_000_000)
    let plan = StopPlan(now: now, draining: .seconds(draining), limit: .seconds(limit))
    #expect(plan.end == now + .seconds(limit))
    #expect(now <= plan.drainEnd && plan.drainEnd <= plan.requestsEnd)
    #expect(plan.requestsEnd < plan.messagesEnd && plan.messagesEnd < plan.end)
    #expect(plan.drainEnd == min(now + .seconds(draining), plan.requestsEnd))
  }
}
