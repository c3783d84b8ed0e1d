import Crypto
import EventLoops
import Events
import Foundation
import HTTPTransport
import HTTPTypes
import LocalProfile
import Logging
import Observability
import SharedAuth
import Time

@testable import Gateway

/// A clock that stands still.
struct FixedClock: WallClock {
  let instant: Timestamp
  func now() -> Timestamp { instant }
}

/// One gateway of a test: its own database, its own doubles, real sockets.
struct RunningGateway: Sendable {
  let application: GatewayApplication
  let configuration: Configuration
  /// What it was configured with, by the names of the environment.
  let environment: [String: String]
  let database: TestDatabase
  let search: SearchDouble
  let auth: AuthDouble
  let prisonAPI: PrisonAPIDouble
  let telemetry: RecordedTelemetry
  /// The gateway's time of day, in seconds since 1970.
  let epoch: Int

  var port: UInt16 { application.address.port }

  // MARK: Requests

  func send(
    _ method: String,
    _ target: String,
    token: String? = nil,
    headers: [(String, String)] = [],
    body: String? = nil
  ) async throws -> Answer {
    var headers = headers
    if let token { headers.append(("Authorization", "Bearer \(token)")) }
    return try await SocketClient.send(
      port: port,
      method: method,
      target: target,
      headers: headers,
      body: body.map { Array($0.utf8) }
    )
  }

  func get(_ target: String, token: String? = nil) async throws -> Answer {
    try await send("GET", target, token: token)
  }

  func post(_ target: String, _ body: String, token: String? = nil) async throws -> Answer {
    try await send("POST", target, token: token, headers: [("Content-Type", "application/json")], body: body)
  }

  func put(_ target: String, _ body: String, token: String? = nil) async throws -> Answer {
    try await send("PUT", target, token: token, headers: [("Content-Type", "application/json")], body: body)
  }

  func patch(_ target: String, _ body: String, token: String? = nil) async throws -> Answer {
    try await send("PATCH", target, token: token, headers: [("Content-Type", "application/json")], body: body)
  }

  // MARK: Tokens

  /// A signed token; `claims` replace those of the same name, and a null leaves one out.
  func token(
    roles: [String],
    scopes: [String] = ["read", "write"],
    user: String? = nil,
    expiresIn: Int = 3600,
    keyID: String? = nil,
    key: SigningKey? = nil,
    claims: [String: JSON] = [:]
  ) throws -> String {
    let key = try key ?? AuthDouble.key.get()
    var all: [String: JSON] = [
      "sub": .text(user ?? "test-client"), "client_id": "test-client", "exp": .number(epoch + expiresIn),
      "authorities": .array(roles.map { .text("ROLE_" + $0) }), "scope": .array(scopes.map { .text($0) }),
    ]
    if let user { all["user_name"] = .text(user) }
    for (name, value) in claims { all[name] = value == .null ? nil : value }
    let header: JSON = ["alg": "RS256", "typ": "JWT", "kid": .text(keyID ?? key.keyID)]
    let signed = Base64URL.encode(header.encoded) + "." + Base64URL.encode(JSON.object(all).encoded)
    return signed + "." + Base64URL.encode(try key.sign(Array(signed.utf8)))
  }

  func reader() throws -> String { try token(roles: ["READ_NON_ASSOCIATIONS"]) }
  func writer(user: String? = "NON_ASSOCIATIONS_API") throws -> String {
    try token(roles: ["WRITE_NON_ASSOCIATIONS"], user: user)
  }
  func reopener(user: String? = "NON_ASSOCIATIONS_API") throws -> String {
    try token(roles: ["REOPEN_NON_ASSOCIATIONS"], user: user)
  }
  func deleter(user: String? = "NON_ASSOCIATIONS_API") throws -> String {
    try token(roles: ["DELETE_NON_ASSOCIATIONS"], user: user)
  }
  func synchroniser() throws -> String { try token(roles: ["NON_ASSOCIATIONS_SYNC"]) }
}

/// Starts a gateway with the clock of non-associations.md section 15, runs `body`, and takes everything down.
/// - Parameters:
///   - ownDatabase: used instead of a fresh one, and kept.
///   - ownClock: instead of one that stands at `time`.
///   - settings: what differs from the usual configuration, by the names of the environment.
///   - accessLog: gets an entry for each answer.
///   - logger: of the gateway.
///   - certificateInterval: how often the files of certificates are looked at.
///   - patientsOutbox: where restricted patients leaves its events; nil for its own outbox, which publishes them.
func withGateway(
  at time: String = "2023-12-05T12:34:56.123456Z",
  on ownDatabase: TestDatabase? = nil,
  clock ownClock: (any WallClock)? = nil,
  settings: [String: String] = [:],
  accessLog: RequestObserver.AccessLog? = nil,
  logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
  patientsOutbox: (any Outbox)? = TableOutbox(),
  certificateInterval: Duration = Certificates.interval,
  _ body: (RunningGateway) async throws -> Void
) async throws {
  let clock = if let ownClock { ownClock } else { FixedClock(instant: try instant(time)) as any WallClock }
  let group = try World.group.get()
  let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  let search = SearchDouble()
  let auth = AuthDouble()
  let prisonAPI = PrisonAPIDouble()
  let telemetry = RecordedTelemetry()
  let searchServer = HTTPServer(
    configuration: HTTPServerConfiguration(),
    tls: nil,
    group: group,
    logger: quiet,
    responder: { request in await search.respond(to: request) }
  )
  let authServer = HTTPServer(
    configuration: HTTPServerConfiguration(),
    tls: nil,
    group: group,
    logger: quiet,
    responder: { request in await auth.respond(to: request) }
  )
  let prisonServer = HTTPServer(
    configuration: HTTPServerConfiguration(),
    tls: nil,
    group: group,
    logger: quiet,
    responder: { request in await prisonAPI.respond(to: request) }
  )
  guard let loopback = SocketAddress(numeric: "127.0.0.1", port: 0) else { return }
  let searchAddress = try await searchServer.start(address: loopback)
  let authAddress = try await authServer.start(address: loopback)
  let prisonAddress = try await prisonServer.start(address: loopback)
  let database = if let ownDatabase { ownDatabase } else { try await World.makeDatabase() }
  let environment = [
    "SERVER_PORT": "0", "SERVER_HOST": "127.0.0.1", "DATABASE_URL": database.url,
    "API_BASE_URL_OAUTH": "http://\(authAddress)/auth",
    "API_BASE_URL_PRISONER_SEARCH": "http://\(searchAddress)",
    "NON_ASSOCIATIONS_API_CLIENT_ID": "client", "NON_ASSOCIATIONS_API_CLIENT_SECRET": "secret",
    "API_BASE_URL_PRISON_API": "http://\(prisonAddress)",
    "RESTRICTED_PATIENTS_API_CLIENT_ID": "patients", "RESTRICTED_PATIENTS_API_CLIENT_SECRET": "secret",
    "HMPPS_SQS_PROVIDER": "in-process", "DATABASE_LEASE_TIMEOUT": "20s", "DATABASE_READ_CONNECTIONS": "1",
    "SERVER_SHUTDOWN_TIMEOUT": "2s", "SERVER_DRAIN_TIME": "0s",
  ].merging(Surface.hosts) { $1 }.merging(settings) { $1 }
  var reader = SettingsReader(environment: environment, profile: .standard)
  let configuration = try Configuration.read(&reader)
  let application = try await GatewayApplication.start(
    configuration,
    group: group,
    clock: clock,
    logger: logger,
    accessLog: accessLog,
    patientsOutbox: patientsOutbox,
    patientsTelemetry: telemetry,
    certificateInterval: certificateInterval
  )
  let gateway = RunningGateway(
    application: application,
    configuration: configuration,
    environment: environment,
    database: database,
    search: search,
    auth: auth,
    prisonAPI: prisonAPI,
    telemetry: telemetry,
    epoch: Int(clock.now().seconds)
  )
  let result: Result<Void, any Error>
  do {
    result = .success(try await body(gateway))
  } catch {
    result = .failure(error)
  }
  prisonAPI.letGo()
  await application.shutdown()
  await prisonServer.shutdown(within: .zero)
  await searchServer.shutdown(within: .zero)
  await authServer.shutdown(within: .zero)
  if ownDatabase == nil { World.drop(database) }
  try result.get()
}

/// A UTC instant as ISO 8601 has it, with or without a fraction of six digits.
func instant(_ text: String) throws -> Timestamp {
  let parts = text.dropLast().split(separator: ".")
  guard let date = try? Date(String(parts[0]) + "Z", strategy: .iso8601) else {
    throw SocketFailure(description: "not an instant: \(text)")
  }
  let fraction = parts.count > 1 ? Int64(parts[1]) ?? 0 : 0
  return Timestamp(microseconds: Int64(date.timeIntervalSince1970) * 1_000_000 + fraction)
}
