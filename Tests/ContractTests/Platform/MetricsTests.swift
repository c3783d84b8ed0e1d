import EventLoops
import TestKit
import Testing

@testable import Gateway

@Suite("Metrics")
struct MetricsTests {
  @Test("What has happened is told by route template, in a text that Prometheus' library reads")
  func requests() async throws {
    try await withGateway { (gateway) async throws in
      let id = try await gateway.database.insertOpen("A1234BC", "D5678EF")
      let reader = try gateway.reader()
      for _ in 0..<3 { _ = try await gateway.get("/non-associations/\(id)", token: reader) }
      _ = try await gateway.get("/non-associations/999999", token: reader)
      _ = try await gateway.get("/prisoner/A1234BC/non-associations", token: reader)
      _ = try await gateway.get("/prisoner/A1234BC/nowhere", token: reader)
      _ = try await gateway.get("/non-associations/\(id)")
      _ = try await gateway.get("/non-associations/\(id)", token: "rubbish")
      _ = try await gateway.get("//refused")
      _ = try await gateway.get("/health/ping")

      let answer = try await gateway.get("/metrics")
      #expect(answer.status == 200)
      #expect(answer.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
      let metrics = try ScrapedMetrics(answer.body)
      let requests = "http_server_request_duration_seconds"
      let byID = [
        "http_route": "/non-associations/{id}", "http_request_method": "GET", "module": "non-associations",
      ]
      func count(_ status: String) -> Double? {
        metrics.value("\(requests)_count", byID.merging(["http_response_status_code": status]) { $1 })
      }
      #expect(count("200") == 3)
      #expect(count("404") == 1)
      #expect(count("401") == 1)
      let success = byID.merging(["http_response_status_code": "200"]) { $1 }
      #expect(metrics.value("\(requests)_bucket", success.merging(["le": "+Inf"]) { $1 }) == 3)
      #expect(try #require(metrics.value("\(requests)_sum", success)) > 0)
      #expect(
        metrics.value(
          "\(requests)_count",
          ["http_route": "/prisoner/{prisonerNumber}/non-associations", "http_response_status_code": "200"]
        ) == 1
      )
      #expect(
        metrics.value("\(requests)_count", ["http_route": "unmatched", "http_response_status_code": "404"])
          == 1
      )
      #expect(
        metrics.value("\(requests)_count", ["http_route": "unmatched", "http_response_status_code": "401"])
          == 1
      )
      #expect(metrics.value("\(requests)_count", ["http_route": "/health/ping"]) == 1)
      #expect(metrics.value("http_server_refused_requests_total", ["http_response_status_code": "400"]) == 1)
      #expect(try #require(metrics.value("http_server_connections_total", ["outcome": "accepted"])) >= 10)
    }
  }

  @Test("Loops, pools, statements, upstreams, tokens and the process are told of")
  func resources() async throws {
    try await withGateway { (gateway) async throws in
      try await gateway.database.insertOpen("A1234BC", "D5678EF")
      let reader = try gateway.reader()
      for _ in 0..<2 {
        #expect(try await gateway.get("/prisoner/A1234BC/non-associations", token: reader).status == 200)
      }
      _ = try await gateway.get("/constants", token: reader + "x")
      let reads = ["db_client_connection_pool_name": "non-associations/reads"]
      // A look into the outbox, which nobody asked for, may wait for a moment.
      try await eventually("no read waits") {
        try ScrapedMetrics(try await gateway.get("/metrics").body)
          .value("db_client_connection_pending_requests", reads) == 0
      }
      let metrics = try ScrapedMetrics(try await gateway.get("/metrics").body)
      for loop in ["0", "1"] {
        #expect(try #require(metrics.value("eventloop_turns_total", ["loop": loop])) > 0)
        #expect(metrics.value("eventloop_lag_seconds", ["loop": loop]) != nil)
        #expect(metrics.value("eventloop_queue_length", ["loop": loop]) != nil)
      }
      let idle = reads.merging(["db_client_connection_state": "idle"]) { $1 }
      #expect(try #require(metrics.value("db_client_connection_count", idle)) >= 1)
      #expect(metrics.value("db_client_connection_max", reads) == 2)
      let statement = [
        "db_namespace": "non-associations", "db_query_summary": "non_association_by_prisoner",
        "error_type": "",
      ]
      #expect(metrics.value("db_client_operation_duration_seconds_count", statement) == 2)
      let calls = metrics.samples.filter { $0.name == "http_client_request_duration_seconds_count" }
      #expect(calls.allSatisfy { $0.labels["http_response_status_code"] == "200" })
      // Prisoner search twice, its token once, the issuer's keys at least once.
      #expect(calls.compactMap { Double($0.value) }.reduce(0, +) >= 4)
      #expect(metrics.value("auth_tokens_total", ["outcome": "verified"]) == 1)
      #expect(metrics.value("auth_tokens_total", ["outcome": "remembered"]) == 1)
      #expect(metrics.value("auth_tokens_total", ["outcome": "refused"]) == 1)
      #expect(try #require(metrics.value("auth_jwks_refreshes_total", ["outcome": "fetched"])) >= 1)
      #expect(metrics.value("auth_upstream_token_requests_total", ["module": "non-associations"]) == 1)
      #expect(try #require(metrics.value("process_resident_memory_bytes")) > 1_000_000)
      #expect(try #require(metrics.value("process_open_fds")) > 3)
      #expect(try #require(metrics.value("process_max_fds")) > 3)
      #expect(try #require(metrics.value("process_cpu_seconds_total")) > 0)
      #expect(metrics.value("process_start_time_seconds") == Double(gateway.epoch) + 0.123456)
    }
  }

  @Test("Every family has a help text and a unit or the ending of its kind, and no value names a prisoner")
  func conventions() async throws {
    try await withGateway { (gateway) async throws in
      let reader = try gateway.reader()
      for path in [
        "/prisoner/A1234BC/non-associations", "/A1234BC", "/non-associations/77",
        "/prisoner/A1234BC/x?y=A1234BC",
      ] {
        _ = try await gateway.get(path, token: reader)
        _ = try await gateway.get("/non-associations-api" + path)
      }
      let body = try await gateway.get("/metrics").body
      let text = String(decoding: body, as: UTF8.self)
      #expect(!text.contains("A1234BC"))
      #expect(!text.contains("/77"))
      let metrics = try ScrapedMetrics(body)
      #expect(Set(metrics.samples.map(\.family)).count > 20)
      for sample in metrics.samples {
        #expect(!sample.help.isEmpty, "\(sample.name)")
        #expect(sample.type != "unknown", "\(sample.name)")
        #expect(sample.name.wholeMatch(of: /[a-z_][a-z0-9_]*/) != nil)
        if sample.type == "counter" { #expect(sample.name.hasSuffix("_total")) }
        if sample.type == "histogram" { #expect(sample.family.hasSuffix("_seconds")) }
      }
    }
  }

  @Test("What an ingress passes on is no scrape")
  func forwarded() async throws {
    try await withGateway { (gateway) async throws in
      let answer = try await gateway.send("GET", "/metrics", headers: [("X-Forwarded-For", "203.0.113.9")])
      #expect(answer.status == 401)
      #expect(try await gateway.send("HEAD", "/metrics").status == 200)
    }
  }

  @Test("With a port of its own, /metrics is there and only there")
  func ownPort() async throws {
    try await withGateway(settings: ["METRICS_PORT": "0"]) { (gateway) async throws in
      #expect(try await gateway.get("/metrics").status == 401)
      #expect(try await gateway.get("/metrics", token: gateway.reader()).status == 404)
      let port = try #require(gateway.application.metricsAddress).port
      func get(_ path: String) async throws -> Answer {
        try await SocketClient.send(port: port, method: "GET", target: path, headers: [], body: nil)
      }
      #expect(try await get("/health/ping").status == 404)
      let answer = try await get("/metrics")
      #expect(answer.status == 200)
      #expect(try ScrapedMetrics(answer.body).value("process_threads") != nil)
    }
  }
}
