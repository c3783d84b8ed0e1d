import Crypto
import EventLoops
import HTTPTransport
import HTTPTypes
import Logging
import ServiceKit
import SharedAuth
import Synchronization
import Testing
import Text
import Time

@testable import RestrictedPatientsModule

@Suite("Calls of other services")
struct UpstreamTests {
  private static func withServer(
    _ responder: @escaping Responder,
    _ body: @escaping @Sendable (UpstreamService) async throws -> Void
  ) async throws {
    let group = try EventLoopGroup(count: 1)
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let server = HTTPServer(
      configuration: HTTPServerConfiguration(),
      tls: nil,
      group: group,
      logger: logger,
      responder: responder
    )
    let loopback = try #require(SocketAddress(numeric: "127.0.0.1", port: 0))
    let address = try await server.start(address: loopback)
    var configuration = UpstreamTokensConfiguration(clientID: "id", clientSecret: Secret("secret"))
    configuration.minimumAge = .zero
    let count = Atomic<Int>(0)
    let client = HTTPClient(group: group)
    let service = UpstreamService(
      baseURL: try HTTPURL("http://\(address)"),
      client: client,
      tokens: UpstreamTokens(configuration: configuration, logger: logger) { _, _ in
        let number = count.wrappingAdd(1, ordering: .relaxed).newValue
        let body = #"{"access_token":"token-\#(number)","token_type":"bearer","expires_in":3600}"#
        return TokenResponse(status: 200, body: Array(body.utf8))
      },
      timeout: .seconds(5)
    )
    let result = await Task(executorPreference: group.any()) { () async -> Result<Void, any Error> in
      do { return .success(try await body(service)) } catch { return .failure(error) }
    }.value
    await client.shutdown()
    await server.shutdown(within: .zero)
    group.shutdown()
    try result.get()
  }

  @Test("a rejected token is replaced and the call made once more; a second rejection is the answer")
  func rejectedToken() async throws {
    let seen = Mutex<[String]>([])
    try await Self.withServer({ request in
      let token = request.head.fields[.authorization] ?? ""
      seen.withLock { $0.append(token) }
      return ServerResponse(
        status: token == "Bearer token-2" ? .ok : .unauthorized,
        fields: [:],
        body: Array("[]".utf8)
      )
    }) { (service) async throws in
      let prisonAPI = PrisonAPIClient(service: service)
      let movements = try await prisonAPI.latestMovements("A12345", deadline: .now() + .seconds(5))
      #expect(movements.isEmpty)
      #expect(seen.withLock { $0 } == ["Bearer token-1", "Bearer token-2"])
    }
    try await Self.withServer({ _ in ServerResponse(status: .unauthorized, fields: [:], body: []) }) {
      service in
      await #expect(throws: UpstreamFailure.self) {
        try await PrisonAPIClient(service: service).latestMovements("A12345", deadline: .now() + .seconds(5))
      }
    }
  }

  @Test("a number in a path stays one segment")
  func encoding() async throws {
    let seen = Mutex<[String]>([])
    try await Self.withServer({ request in
      seen.withLock { $0.append(request.head.target.path) }
      return ServerResponse(status: .notFound, fields: [:], body: [])
    }) { (service) async throws in
      let client = PrisonAPIClient(service: service)
      #expect(try await client.agency("A?B#", deadline: .now() + .seconds(5)) == nil)
      #expect(seen.withLock { $0 } == ["/api/agencies/A%3FB%23"])
    }
  }

  @Test("a change that finds no connection is not sent late, and questions do not wait behind changes")
  func busyWithChanges() async throws {
    let (release, gate) = AsyncStream<Never>.makeStream()
    let (changes, arrived) = AsyncStream<Void>.makeStream()
    try await Self.withServer({ request in
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
        service: service,
        changes: UpstreamService(
          baseURL: service.baseURL,
          client: client,
          tokens: service.tokens,
          timeout: .seconds(30)
        )
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

  @Test("which failures leave it open whether a change was made")
  func mayHaveHappened() {
    func refused(_ code: Int) -> UpstreamFailure {
      .refused(.init(code: code, reason: "", method: "PUT", url: "http://host"))
    }
    #expect([400, 404, 500, 503].allSatisfy { !refused($0).mayHaveHappened })
    #expect([502, 504].allSatisfy { refused($0).mayHaveHappened })
    #expect(UpstreamFailure.unreadable(text: "", cause: "").mayHaveHappened)
  }
}
