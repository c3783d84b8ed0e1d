import ServerTestKit
import Testing

/// The three ways of reaching a service (docs/architecture.md#mounting).
enum Mounting: String, CaseIterable, Sendable { case host, basePath, union }

/// The services that the gateway replaces.
enum HostedService: String, CaseIterable, Sendable { case nonAssociations, restrictedPatients }

/// One service under one mounting: what a test of the platform is run for.
struct Surface: CustomTestStringConvertible, Sendable {
  let service: HostedService
  let mounting: Mounting

  static let all = HostedService.allCases.flatMap { service in
    Mounting.allCases.map { Surface(service: service, mounting: $0) }
  }
  static let nonAssociations = all.filter { $0.service == .nonAssociations }
  static let restrictedPatients = all.filter { $0.service == .restrictedPatients }

  var testDescription: String { "\(service.rawValue) by \(mounting.rawValue)" }

  /// What `withGateway` gives as the services' hosts.
  static let hosts = [
    "NON_ASSOCIATIONS_HOSTS": "associations.test", "RESTRICTED_PATIENTS_HOSTS": "patients.test",
  ]

  var host: String? {
    guard mounting == .host else { return nil }
    return service == .nonAssociations ? "associations.test" : "patients.test"
  }
  var basePath: String {
    guard mounting == .basePath else { return "" }
    return service == .nonAssociations ? "/non-associations-api" : "/restricted-patients-api"
  }

  /// A path of the service's own that anyone with ``readers`` may read.
  var read: String { service == .nonAssociations ? "/constants" : "/restricted-patients" }
  var readers: [String] { service == .nonAssociations ? [] : ["READ_RESTRICTED_PATIENTS"] }
  /// A path of the service's own that takes a body.
  var write: String { service == .nonAssociations ? "/non-associations" : "/discharge-to-hospital" }
  /// The health component of the upstream that only this service uses.
  var ownUpstream: String { service == .nonAssociations ? "hmppsAuthApi" : "prisonApiHealthCheck" }
  /// The health component of prisoner search, which both use.
  var searchComponent: String {
    service == .nonAssociations ? "prisonerSearchApi" : "prisonerSearchApiHealthCheck"
  }

  /// An error body in the shape that paths shared by both services have here: the union's is that of
  /// non-associations.
  func error(_ status: Int, _ prefix: (nonAssociations: String, restrictedPatients: String), _ text: String)
    -> JSON
  {
    let isPatients = service == .restrictedPatients && mounting != .union
    return [
      "status": .number(status), "errorCode": nil, "moreInfo": nil, "developerMessage": .text(text),
      "userMessage": .text((isPatients ? prefix.restrictedPatients : prefix.nonAssociations) + text),
    ]
  }
}

/// A gateway as it looks through one surface.
struct SurfaceClient {
  let gateway: RunningGateway
  let surface: Surface

  /// Host and port as this surface's clients know them.
  var authority: String { surface.host ?? "127.0.0.1:\(gateway.port)" }

  func send(
    _ method: String,
    _ path: String,
    token: String? = nil,
    headers: [(String, String)] = [],
    body: String? = nil
  ) async throws -> Answer {
    try await gateway.send(
      method,
      surface.basePath + path,
      token: token,
      headers: headers + [("Host", authority)],
      body: body
    )
  }

  func get(_ path: String, token: String? = nil) async throws -> Answer {
    try await send("GET", path, token: token)
  }

  func post(_ path: String, _ body: String, token: String? = nil) async throws -> Answer {
    try await send("POST", path, token: token, headers: [("Content-Type", "application/json")], body: body)
  }

  /// `/health`, and the components of the service in it.
  func health() async throws -> (answer: Answer, components: JSON) {
    let answer = try await get("/health")
    let all = try #require(try answer.json["components"])
    guard surface.mounting == .union else { return (answer, all) }
    return (answer, try #require(all[surface.service.rawValue]?["components"]))
  }
}

extension RunningGateway {
  func at(_ surface: Surface) -> SurfaceClient { SurfaceClient(gateway: self, surface: surface) }
}

/// Starts one gateway, with all upstreams answering, for all cases of a test: for tests that leave it as it was.
struct SharedGateway: TestTrait, TestScoping {
  @TaskLocal static var current: RunningGateway?

  let settings: [String: String]

  func scopeProvider(for test: Test, testCase: Test.Case?) -> SharedGateway? {
    testCase == nil ? self : nil
  }

  @concurrent func provideScope(
    for test: Test,
    testCase: Test.Case?,
    performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    try await withGateway(settings: settings) { (gateway) async throws in
      gateway.prisonAPI.stub("GET /health/ping", 200, #"{"status":"UP"}"#)
      try await Self.$current.withValue(gateway) { try await function() }
    }
  }
}

extension Trait where Self == SharedGateway {
  static var sharedGateway: Self { sharedGateway(settings: [:]) }
  static func sharedGateway(settings: [String: String]) -> Self { SharedGateway(settings: settings) }
}

/// Looks at a gateway through one surface: at that of the test's `SharedGateway`, or else at a new one with all upstreams
/// answering.
func withGateway(
  at surface: Surface,
  settings: [String: String] = [:],
  _ body: (RunningGateway, SurfaceClient) async throws -> Void
) async throws {
  if let gateway = SharedGateway.current { return try await body(gateway, gateway.at(surface)) }
  try await withGateway(settings: settings) { (gateway) async throws in
    gateway.prisonAPI.stub("GET /health/ping", 200, #"{"status":"UP"}"#)
    try await body(gateway, gateway.at(surface))
  }
}
