import EventLoops
import Events
import HTTPTransport
import HTTPTypes
import JSON
import Logging
import PlatformTestKit
import Postgres
import ServiceKit
import SharedAuth
import Synchronization
import TestKit
import Testing
import Time

@testable import NonAssociationsModule

/// Keeps what was recorded, and whether it was within a transaction that sees the new row.
final class RecordingOutbox: Outbox {
  struct Failure: Error {}

  private let state = Mutex(
    (events: [DomainEvent](), audits: [AuditMessage](), rowsSeen: [Int64](), fails: false)
  )

  var events: [DomainEvent] { state.withLock { $0.events } }
  var audits: [AuditMessage] { state.withLock { $0.audits } }
  var rowsSeen: [Int64] { state.withLock { $0.rowsSeen } }
  func failNext() { state.withLock { $0.fails = true } }

  func append(_ event: DomainEvent, _ audit: AuditMessage?, in transaction: PostgresTransaction) async throws
  {
    let statement = PostgresStatement(name: "rows_seen", sql: "select count(*) from non_association")
    let rows = try await transaction.query(statement, [])
    let seen = try #require(rows.first).int64(0)
    let fails = state.withLock { state in
      state.events.append(event)
      if let audit { state.audits.append(audit) }
      state.rowsSeen.append(seen)
      defer { state.fails = false }
      return state.fails
    }
    if fails { throw Failure() }
  }
}

/// The module on a database of its own, with prisoner search behind a socket. Everything runs on a loop, as in the
/// server; only the socket in front is left out.
struct ModuleFixture: Sendable {
  let responder: ModuleResponder
  let database: PostgresDatabase
  let search: SearchDouble
  private let prisonerSearch: UpstreamClient
  let clock: SettableClock
  let events: RecordingOutbox
  let telemetry: RecordingTelemetry

  static func run<Success: Sendable>(
    _ people: [Prisoner] = Fixture.everybody,
    _ body: @escaping @Sendable (ModuleFixture) async throws -> Success
  ) async throws -> Success {
    let group = try Loops.shared.get()
    return try await Loops.run {
      try await TestDatabase.with(group, Migrator.nonAssociations()) { database in
        let search = SearchDouble(people, group: group)
        return try await search.withUpstream { upstream in
          let fixture = try ModuleFixture(
            database: database,
            search: search,
            prisonerSearch: upstream,
            clock: SettableClock(Fixture.clock),
            events: RecordingOutbox(),
            telemetry: RecordingTelemetry()
          )
          return try await body(fixture)
        }
      }
    }
  }

  private init(
    database: PostgresDatabase,
    search: SearchDouble,
    prisonerSearch: UpstreamClient,
    clock: SettableClock,
    events: RecordingOutbox,
    telemetry: RecordingTelemetry
  ) throws {
    self.database = database
    self.search = search
    self.prisonerSearch = prisonerSearch
    self.clock = clock
    self.events = events
    self.telemetry = telemetry
    responder = try ModuleResponder(
      module: Self.module(database, prisonerSearch, clock, events, telemetry),
      authenticate: Caller.authenticate,
      logger: Logger(label: "test")
    )
  }

  private static func module(
    _ database: PostgresDatabase,
    _ prisonerSearch: UpstreamClient,
    _ clock: SettableClock,
    _ events: RecordingOutbox,
    _ telemetry: RecordingTelemetry,
    mergeEvents: Bool = false
  ) throws -> NonAssociationsModule {
    NonAssociationsModule(
      database: database,
      prisonerSearch: prisonerSearch,
      london: try LondonTime(),
      clock: clock,
      outbox: events,
      telemetry: telemetry,
      mergeEvents: mergeEvents,
      logger: Logger(label: "test")
    )
  }

  /// What handles the messages of the module's queue.
  func queue(mergeEvents: Bool = false) throws -> BusBridge {
    let module = try Self.module(
      database,
      prisonerSearch,
      clock,
      events,
      telemetry,
      mergeEvents: mergeEvents
    )
    let bus = EventBus()
    module.subscribe(to: bus)
    return BusBridge(.nonAssociations, to: bus)
  }

  /// What keeps the module's counts, which nobody does here by himself.
  func counts() throws -> CountKeeping {
    try Self.module(database, prisonerSearch, clock, events, telemetry).countKeeping
  }

  /// Sends a request through the module.
  func send(
    _ method: HTTPRequest.Method,
    _ target: String,
    as caller: Caller?,
    _ fields: HeaderFields = [:],
    body: String = ""
  ) async throws -> Answer {
    var fields = fields
    if let caller { fields[.authorization] = caller.rawValue }
    if !body.isEmpty, fields[.contentType] == nil { fields[.contentType] = "application/json" }
    let target = try #require(RequestTarget(target))
    let request = ServerRequest(
      head: RequestHead(method: method, target: target, fields: fields),
      body: Array(body.utf8),
      deadline: MonotonicInstant.now() + .seconds(60),
      clock: try Loops.shared.get()
    )
    return Answer(await responder.respond(to: request, segments: target.segments))
  }

  func create(_ first: String, _ second: String, as caller: Caller = .writer) async throws -> Answer {
    try await send(.post, "/non-associations", as: caller, body: Self.createBody(first, second))
  }

  static func createBody(_ first: String = "A1234BC", _ second: String = "D5678EF") -> String {
    """
    {"firstPrisonerNumber":"\(first)","firstPrisonerRole":"VICTIM","secondPrisonerNumber":"\(second)",\
    "secondPrisonerRole":"PERPETRATOR","reason":"VIOLENCE","restrictionType":"CELL","comment":"fighting"}
    """
  }

  /// Stores a row as it is, and gives its id.
  @discardableResult
  func store(_ row: NonAssociation) async throws -> Int64 {
    let statement = PostgresStatement(
      name: "test_store",
      sql: """
        insert into non_association (first_prisoner_number, first_prisoner_role, second_prisoner_number,
          second_prisoner_role, reason, restriction_type, comment, when_created, when_updated, authorised_by,
          updated_by, is_closed, closed_by, closed_reason, closed_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) returning id
        """
    )
    let parameters: [PostgresValue] = [
      .text(row.first.prisonerNumber), .text(row.first.role.rawValue), .text(row.second.prisonerNumber),
      .text(row.second.role.rawValue), .text(row.given.reason.rawValue),
      .text(row.given.restrictionType.rawValue), .text(row.given.comment), .timestamp(row.whenCreated),
      .timestamp(row.whenUpdated),
      .optional(row.authorisedBy),
      .text(row.updatedBy), .bool(row.isClosed), .optional(row.closure?.by), .optional(row.closure?.reason),
      .optional(row.closure?.at),
    ]
    return try await database.withTransaction(deadline: .now() + .seconds(60)) { transaction in
      try #require(try await transaction.query(statement, parameters).first).int64(0)
    }
  }

  /// Runs a statement that changes rows.
  func change(_ sql: String) async throws {
    try await database.withTransaction(deadline: .now() + .seconds(60)) { transaction in
      _ = try await transaction.query(PostgresStatement(name: "test_\(sql.hashValue)", sql: sql))
    }
  }

  func count(_ condition: String = "true") async throws -> Int64 {
    let statement = PostgresStatement(
      name: "test_count_\(condition.hashValue)",
      sql: "select count(*) from non_association where \(condition)"
    )
    let rows = try await database.query(statement, deadline: .now() + .seconds(60))
    return try #require(rows.first).int64(0)
  }
}

/// The callers of the contract's test cases, named in place of a token.
enum Caller: String {
  case reader = "R"
  case writer = "W"
  case writerWithoutUser = "W, no user"
  case writerWithLongName = "W, user name of 61 characters"
  case deleter = "DEL"
  case deleterWithoutUser = "DEL, no user"
  case reopener = "RE"
  case reopenerWithoutUser = "RE, no user"
  case synchroniser = "SY"
  case none
  case uiRole = "ROLE_NON_ASSOCIATIONS"
  case uiRoleReadScope = "ROLE_NON_ASSOCIATIONS, scope read"
  case writerWithoutScope = "WRITE without scope"
  case readerWithScope = "READ with scope write"

  static let authenticate: ModuleResponder.Authenticator = { authorization throws(TokenError) in
    guard let authorization else { return nil }
    guard let caller = Caller(rawValue: authorization) else { throw .invalid(description: "unknown caller") }
    return caller.principal
  }

  private var principal: Principal {
    let (user, authorities): (String?, [String]) =
      switch self {
      case .reader:
        ("NON_ASSOCIATIONS_API", ["ROLE_READ_NON_ASSOCIATIONS", "ROLE_READ_NON_ASSOCIATIONS_HISTORY"])
      case .writer: ("U", ["ROLE_WRITE_NON_ASSOCIATIONS", "SCOPE_write"])
      case .writerWithoutUser: (nil, ["ROLE_WRITE_NON_ASSOCIATIONS", "SCOPE_write"])
      case .writerWithLongName:
        (String(repeating: "U", count: 61), ["ROLE_WRITE_NON_ASSOCIATIONS", "SCOPE_write"])
      case .deleter: ("U", ["ROLE_DELETE_NON_ASSOCIATIONS", "SCOPE_write"])
      case .deleterWithoutUser: (nil, ["ROLE_DELETE_NON_ASSOCIATIONS", "SCOPE_write"])
      case .reopener: ("U", ["ROLE_REOPEN_NON_ASSOCIATIONS", "SCOPE_write"])
      case .reopenerWithoutUser: (nil, ["ROLE_REOPEN_NON_ASSOCIATIONS", "SCOPE_write"])
      case .synchroniser: ("NON_ASSOCIATIONS_API", ["ROLE_NON_ASSOCIATIONS_SYNC"])
      case .none: ("NON_ASSOCIATIONS_API", [])
      case .uiRole: ("U", ["ROLE_NON_ASSOCIATIONS"])
      case .uiRoleReadScope: ("U", ["ROLE_NON_ASSOCIATIONS", "SCOPE_read"])
      case .writerWithoutScope: ("U", ["ROLE_WRITE_NON_ASSOCIATIONS"])
      case .readerWithScope: ("U", ["ROLE_READ_NON_ASSOCIATIONS", "SCOPE_write"])
      }
    return Principal(clientID: "hmpps-non-associations-api", userName: user, authorities: authorities)
  }
}

/// An answer of the module.
struct Answer: Sendable {
  let status: Int
  let body: String
  let fields: HeaderFields

  init(_ response: ServerResponse) {
    status = response.status.code
    body = String(decoding: response.body, as: UTF8.self)
    fields = response.fields
  }

  /// The body's members, for a JSON object.
  var json: [String: JSONValue] {
    get throws {
      guard case .object(let members) = try JSONValue(parsing: Array(body.utf8)) else { return [:] }
      return members
    }
  }

  var id: Int64 {
    get throws {
      guard case .number(let text) = try json["id"], let id = Int64(text) else { return -1 }
      return id
    }
  }

  /// Ids of a list's items, in order.
  var listedIDs: [Int64] {
    get throws {
      guard case .array(let items) = try json["nonAssociations"] else { return [] }
      return items.compactMap { item in
        guard case .object(let members) = item, case .number(let text) = members["id"] else { return nil }
        return Int64(text)
      }
    }
  }

  var userMessage: String {
    get throws { if case .string(let text) = try json["userMessage"] { text } else { "" } }
  }

  var errorCode: JSONValue? { get throws { try json["errorCode"] } }
}
