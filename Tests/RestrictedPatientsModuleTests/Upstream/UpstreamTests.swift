import EventLoops
import HTTPTransport
import HTTPTypes
import PlatformTestKit
import ServiceKit
import Synchronization
import Testing
import Text
import Time

@testable import RestrictedPatientsModule

@Suite("Calls of other services")
struct UpstreamTests {
  @Test("a rejected token is replaced and the call made once more; a second rejection is the answer")
  func rejectedToken() async throws {
    let seen = Mutex<[String]>([])
    try await UpstreamServer.run({ request in
      let token = request.head.fields[.authorization] ?? ""
      seen.withLock { $0.append(token) }
      return ServerResponse(
        status: token == "Bearer token-2" ? .ok : .unauthorized,
        fields: [:],
        body: Array("[]".utf8)
      )
    }) { (service) async throws in
      let prisonAPI = PrisonAPIClient(service)
      let movements = try await prisonAPI.latestMovements("A12345", deadline: .now() + .seconds(5))
      #expect(movements.isEmpty)
      #expect(seen.withLock { $0 } == ["Bearer token-1", "Bearer token-2"])
    }
    try await UpstreamServer.run({ _ in ServerResponse(status: .unauthorized, fields: [:], body: []) }) {
      service in
      await #expect(throws: UpstreamFailure.self) {
        try await PrisonAPIClient(service).latestMovements("A12345", deadline: .now() + .seconds(5))
      }
    }
  }

  @Test("a number in a path stays one segment")
  func encoding() async throws {
    let seen = Mutex<[String]>([])
    try await UpstreamServer.run({ request in
      seen.withLock { $0.append(request.head.target.path) }
      return ServerResponse(status: .notFound, fields: [:], body: [])
    }) { (service) async throws in
      let client = PrisonAPIClient(service)
      #expect(try await client.agency("A?B#", deadline: .now() + .seconds(5)) == nil)
      #expect(seen.withLock { $0 } == ["/api/agencies/A%3FB%23"])
    }
  }

  @Test("a change that finds no connection is not sent late, and questions do not wait behind changes")
  func busyWithChanges() async throws {
    let (release, gate) = AsyncStream<Never>.makeStream()
    let (changes, arrived) = AsyncStream<Void>.makeStream()
    try await UpstreamServer.run({ request in
      guard request.head.method == .put else {
        return ServerResponse(status: .notFound, fields: [:], body: [])
      }
      arrived.yield()
      for await _ in release {}
      return ServerResponse(status: .ok, fields: [:], body: Array(#"{"offenderNo":"A1"}"#.utf8))
    }) { (service) async throws in
      let group = try EventLoopGroup(count: 1)
      var configuration = HTTPClientConfiguration()
      configuration.maximumConnectionsPerOrigin = 1
      configuration.maximumWait = .milliseconds(20)
      let client = HTTPClient(group: group, configuration: configuration)
      let prisonAPI = PrisonAPIClient(
        service,
        changes: OtherClients.upstream(service.baseURL, over: client)
      )
      let time = try #require(LocalDateTime(contractText: "2020-10-10T00:00"))
      let patient = RestrictedPatient(
        prisonerNumber: "A1",
        fromLocationID: "MDI",
        hospitalLocationCode: "HAZLWD",
        supportingPrisonID: "MDI",
        dischargeTime: time,
        createdAt: time
      )
      let deadline = MonotonicInstant.now() + .seconds(30)
      async let first: Void = prisonAPI.discharge(patient, user: nil, deadline: deadline)
      for await _ in changes { break }
      let failure = await #expect(throws: UpstreamFailure.self) {
        try await prisonAPI.discharge(patient, user: nil, deadline: deadline)
      }
      #expect(failure?.mayHaveHappened == false)
      #expect(try await prisonAPI.agency("HAZLWD", deadline: deadline) == nil)
      gate.finish()
      try await first
      await client.shutdown()
      group.shutdown()
    }
  }
}
