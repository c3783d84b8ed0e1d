import EventLoops
import Events
import HTTPTransport
import HTTPTypes
import Logging
import PlatformTestKit
import Postgres
import ServerTestKit
import ServiceKit
import SharedAuth
import TestKit
import Testing
import Text
import Time

@testable import RestrictedPatientsModule

/// The module on a database of a test's own, with the other services behind a socket. Everything runs on a loop, as in the
/// server; only the socket in front is left out.
struct PatientsModule: Sendable {
  let database: PatientsDatabase
  let upstream: ScriptedUpstream
  let telemetry: RecordingTelemetry
  let module: RestrictedPatientsModule
  private let responder: ModuleResponder

  /// - Parameter checksAgencies: whether additions are refused whose agencies prison API does not list.
  static func run(
    checksAgencies: Bool = false,
    _ body: @escaping @Sendable (PatientsModule) async throws -> Void
  ) async throws {
    try await PatientsDatabase.run { (database) async throws in
      let group = try Loops.shared.get()
      let upstream = ScriptedUpstream()
      try await LoopbackServer.run(on: group, { await upstream.respond(to: $0) }) {
        (url, client) async throws in
        try await body(
          PatientsModule(database, upstream, at: url, by: client, checksAgencies: checksAgencies)
        )
      }
    }
  }

  private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private init(
    _ database: PatientsDatabase,
    _ upstream: ScriptedUpstream,
    at url: HTTPURL,
    by client: HTTPClient,
    checksAgencies: Bool
  ) throws {
    (self.database, self.upstream, telemetry) = (database, upstream, RecordingTelemetry())
    let service = OtherClients.upstream(url, over: client)
    module = RestrictedPatientsModule(
      database: database.database,
      upstreams: Upstreams(prisonAPI: service, changes: service, lists: service, prisonerSearch: service),
      london: try LondonTime(),
      clock: SettableClock(Patients.now),
      outbox: database.outbox,
      telemetry: telemetry,
      checksAgencies: checksAgencies,
      logger: Self.logger
    )
    responder = try ModuleResponder(
      module: module,
      authenticate: { (authorization) throws(TokenError) in
        authorization.map { Principal(clientID: "client", userName: $0, authorities: ["ROLE_\($0)"]) }
      },
      logger: Self.logger
    )
  }

  /// Sends a request through the module.
  /// - Parameter caller: the user, and the user's only role.
  func send(
    _ method: HTTPRequest.Method,
    _ target: String,
    by caller: String = "U",
    body: String = ""
  ) async throws -> Answer {
    var fields: HeaderFields = [.authorization: caller]
    if !body.isEmpty { fields[.contentType] = "application/json" }
    let target = try #require(RequestTarget(target))
    let request = ServerRequest(
      head: RequestHead(method: method, target: target, fields: fields),
      body: Array(body.utf8),
      deadline: MonotonicInstant.now() + .seconds(60),
      clock: try Loops.shared.get()
    )
    let answer = Answer(await responder.respond(to: request, segments: target.segments))
    #expect(responder.undeclaredRefusals.isEmpty)
    return answer
  }

  struct Answer: Sendable {
    let status: Int
    let body: String
    let fields: HeaderFields

    init(_ response: ServerResponse) {
      (status, fields) = (response.status.code, response.fields)
      body = String(decoding: response.body, as: UTF8.self)
    }
  }

  // MARK: Requests

  static let administrator = "RESTRICTED_PATIENTS_ADMIN"

  func discharge(_ number: String = "A12345", _ more: String = "") async throws -> Answer {
    try await send(
      .post,
      "/discharge-to-hospital",
      body: #"{"offenderNo":"\#(number)","fromLocationId":"MDI","hospitalLocationCode":"HAZLWD"\#(more)}"#
    )
  }

  func migrate(_ number: String = "A12345") async throws -> Answer {
    try await send(
      .post,
      "/migrate-in-restricted-patient",
      body: #"{"offenderNo":"\#(number)","hospitalLocationCode":"HAZLWD"}"#
    )
  }

  func remove(_ number: String = "A12345") async throws -> Answer {
    try await send(.delete, "/restricted-patient/prison-number/\(number)")
  }

  // MARK: What the other services have

  static let search = "POST /prisoner-search/prisoner-numbers"

  func answerActive(_ number: String = "A12345") {
    upstream.stub(
      ScriptedUpstream.booking(number),
      200,
      #"{"offenderNo":"\#(number)","bookingId":1,"activeFlag":true}"#
    )
    upstream.stub(ScriptedUpstream.discharge(number), 201, #"{"offenderNo":"\#(number)"}"#)
  }

  func answerMovements(_ movements: Movement...) {
    let items = movements.map { movement in
      let members = [
        ("fromAgency", movement.fromAgency), ("toAgency", movement.toAgency),
        ("movementType", movement.type), ("movementReasonCode", movement.reasonCode),
        ("movementDate", movement.date), ("movementTime", movement.time),
        ("commentText", movement.commentText),
      ].map { name, value in "\"\(name)\":" + (value.map { "\"\($0)\"" } ?? "null") }
      return "{\(members.joined(separator: ","))}"
    }
    upstream.stub(ScriptedUpstream.movements, 200, "[\(items.joined(separator: ","))]")
  }

  /// Prisoner search knows these, with what else it says of each.
  func answerSearch(_ prisoners: (number: String, more: String)...) {
    let items = prisoners.map { #"{"prisonerNumber":"\#($0.number)","bookingId":"7"\#($0.more)}"# }
    upstream.stub(PatientsModule.search, 200, "[\(items.joined(separator: ","))]")
    upstream.stub(ScriptedUpstream.release, 200, "")
  }
}

extension ScriptedUpstream {
  /// Lists with these agencies, each of the type that it says.
  func stubLists(_ agencies: [(id: String, name: String, type: String)]) {
    for type in ["INST", "HOSPITAL", "HSHOSP"] {
      let items = agencies.filter { $0.type == type }
        .map {
          #"{"agencyId":"\#($0.id)","description":"\#($0.name)","agencyType":"\#(type)","active":true}"#
        }
      stub("GET /api/agencies/type/\(type)", 200, "[\(items.joined(separator: ","))]")
    }
  }
}
