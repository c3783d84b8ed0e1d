import TestKit
import Testing

@testable import Gateway

/// docs/contract/platform.md §11 row 50; messages in flight are in EventsTests.
@Suite("Platform: shutdown")
struct ShutdownTests {
  @Test("50: requests in flight are answered, while probes find the gateway refusing or gone")
  func requestsInFlight() async throws {
    try await withGateway(settings: ["SERVER_SHUTDOWN_TIMEOUT": "30s", "SERVER_BODY_TIMEOUT": "60s"]) {
      (gateway) async throws in
      gateway.search.answerAnyone(in: "MDI")
      var requests: [(surface: Surface, request: SlowRequest, body: String)] = []
      for (index, surface) in Surface.all.enumerated() {
        let number = "A\(index)234BC"
        let body: String
        switch surface.service {
        case .nonAssociations: body = CreateTests.body(first: number)
        case .restrictedPatients:
          gateway.prisonAPI.stubBooking(number)
          gateway.prisonAPI.stubDischarge(number)
          body = Patients.dischargeBody(number)
        }
        let head = """
          POST \(surface.basePath)\(surface.write) HTTP/1.1\r
          Host: \(gateway.at(surface).authority)\r
          Authorization: Bearer \(try gateway.writer())\r
          Content-Type: application/json\r
          Content-Length: \(body.utf8.count)\r
          Expect: 100-continue\r
          \r

          """
        let request = try SlowRequest(port: gateway.port, head)
        // Asked for its body, it is in flight.
        #expect(try await request.received(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
        requests.append((surface, request, body))
      }
      let shutdown = Task { await gateway.application.shutdown() }
      for surface in Surface.all {
        try await eventually("it is out of service") {
          do {
            let answer = try await gateway.at(surface).get("/health/readiness")
            return answer.status == 503 && answer.text == #"{"status":"OUT_OF_SERVICE"}"#
          } catch is SocketFailure {
            return true
          }
        }
      }
      for (surface, request, body) in requests {
        try request.send(body)
        let answer = try SocketClient.parse(Array(try await request.received().utf8), isHead: false)
        #expect(answer.status == 201, "\(surface.testDescription): \(answer.text)")
        #expect(answer.header("Connection") == "close")
      }
      await shutdown.value
      #expect(try await gateway.database.count("non_association") == 3)
      #expect(try await gateway.database.count("restricted_patients") == 3)
    }
  }
}
