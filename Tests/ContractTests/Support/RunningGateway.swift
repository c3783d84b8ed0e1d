import Crypto
import Doubles
import EventLoops
import Events
import Foundation
import HTTPTransport
import HTTPTypes
import Logging
import ModuleKit
import Observability
import ServerTestKit
import ServiceKit
import SharedAuth
import Testing
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
  let prisonAPI: ScriptedUpstream
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

  /// A token that may read everything.
  func reader() throws -> String {
    try token(roles: ["READ_NON_ASSOCIATIONS", "READ_NON_ASSOCIATIONS_HISTORY", "READ_RESTRICTED_PATIENTS"])
  }
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

/// Starts a gateway with the clock of docs/contract/non-associations.md §15, runs `body`, and takes everything down.
/// - Parameters:
///   - ownDatabase: used instead of a fresh one, and kept.
///   - ownClock: instead of one that stands at `time`.
///   - settings: what differs from the usual configuration, by the names of the environment.
///   - accessLog: gets an entry for each answer.
///   - logger: of the gateway.
///   - certificateInterval: how often the files of certificates are looked at.
///   - schemaInterval: how often it is looked whether a restore took anything of the schemas away.
///   - modules: those that can be hosted.
///   - adjust: has the last word about the names and values of the environment.
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
  schemaInterval: Duration = SchemaWatch.interval,
  modules: [ModuleManifest] = Modules.all,
  adjust: (inout [String: String]) -> Void = { _ in },
  _ body: (RunningGateway) async throws -> Void
) async throws {
  let clock = if let ownClock { ownClock } else { FixedClock(instant: try instant(time)) as any WallClock }
  let group = try World.group.get()
  let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  let search = SearchDouble()
  let auth = AuthDouble()
  let prisonAPI = ScriptedUpstream()
  let telemetry = RecordedTelemetry()
  let responders: [Responder] = [
    { await search.respond(to: $0) }, { await auth.respond(to: $0) }, { await prisonAPI.respond(to: $0) },
  ]
  var doubles: [DoubleServer] = []
  for responder in responders {
    doubles.append(try await DoubleServer.start(port: 0, group: group, logger: quiet, responder: responder))
  }
  let database = if let ownDatabase { ownDatabase } else { try await World.makeDatabase() }
  var environment = [
    "SERVER_PORT": "0", "SERVER_HOST": "127.0.0.1", "DATABASE_URL": database.url,
    "GATEWAY_SHARED_DATABASE": "true",
    "API_BASE_URL_OAUTH": doubles[1].url + "/auth",
    "API_BASE_URL_PRISONER_SEARCH": doubles[0].url,
    "NON_ASSOCIATIONS_API_CLIENT_ID": "client", "NON_ASSOCIATIONS_API_CLIENT_SECRET": "secret",
    "API_BASE_URL_PRISON_API": doubles[2].url,
    "RESTRICTED_PATIENTS_API_CLIENT_ID": "patients", "RESTRICTED_PATIENTS_API_CLIENT_SECRET": "secret",
    "HMPPS_SQS_PROVIDER": "in-process", "DATABASE_LEASE_TIMEOUT": "20s", "DATABASE_READ_CONNECTIONS": "1",
    "SERVER_SHUTDOWN_TIMEOUT": "2s", "SERVER_DRAIN_TIME": "0s",
  ].merging(Surface.hosts) { $1 }.merging(settings) { $1 }
  adjust(&environment)
  var reader = SettingsReader(environment: environment, profile: .standard)
  let configuration = try Configuration.read(&reader, of: modules)
  let application = try await GatewayApplication.start(
    configuration,
    group: group,
    clock: clock,
    logger: logger,
    options: Composition.Options(
      accessLog: accessLog,
      certificateInterval: certificateInterval,
      schemaInterval: schemaInterval,
      replacements: [
        "restricted-patients": .init(outbox: patientsOutbox, telemetry: telemetry)
      ]
    )
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
  let undeclared = application.mount.undeclaredRefusals
  #expect(undeclared.isEmpty, "endpoints refused what they do not declare")
  await application.shutdown()
  for double in doubles { await double.shutdown(within: .zero) }
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
