import Concurrency
import Events
import Logging
import ModuleKit
import Postgres
import ServiceKit
import Time

/// Pairs of prisoners who must be kept apart: the service `hmpps-non-associations-api` as a module. Each endpoint is a
/// file of `Endpoints/`; what they and the messages share is here.
struct NonAssociationsModule: ModuleInstance, RefusingModule {
  typealias Failure = NonAssociationsError

  /// Names the module in logs and in its outbox.
  static let name = "non-associations"

  /// Values of rows that no answer can hold.
  let misfits: MisfitValues
  let store: NonAssociationsStore
  let changes: Changes
  /// Changes of prisoners' numbers, which a lock keeps apart. They have half of a loop's connections at most: one that waits
  /// for the lock at the database goes on as soon as the one before is committed.
  let numberChanges: Turns
  let prisonerSearch: PrisonerSearchClient
  let messages: NonAssociationMessages
  let telemetry: any Telemetry
  let london: LondonTime
  /// Read once a request; its microseconds are stored and sent alike.
  let clock: any WallClock
  /// Whether others are told of each row that a merge changes.
  let tellsOfMerges: Bool
  let logger: Logger

  /// - Parameters:
  ///   - database: migrated by ``migrations``.
  ///   - prisonerSearch: never asked on behalf of a user (docs/contract/non-associations.md §9.2).
  ///   - outbox: where a change leaves its domain event and audit message, in its own transaction.
  ///   - telemetry: gets the module's custom events, after the change is committed.
  ///   - mergeEvents: whether others are told of each row that a merge changes, as of a change over HTTP. Default false:
  ///     the service replaced told nobody (docs/contract/non-associations.md §14 row 4).
  init(
    database: PostgresDatabase,
    prisonerSearch: UpstreamClient,
    london: LondonTime,
    clock: any WallClock,
    outbox: any Outbox = NoOutbox(),
    telemetry: any Telemetry,
    mergeEvents: Bool = false,
    logger: Logger
  ) {
    misfits = MisfitValues(logger: logger)
    store = NonAssociationsStore(database: database, misfits: misfits)
    changes = Changes(database: database, outbox: outbox)
    numberChanges = Turns(atOnce: database.transactionsPerLoop / 2)
    self.prisonerSearch = PrisonerSearchClient(prisonerSearch)
    messages = NonAssociationMessages(london: london)
    self.telemetry = telemetry
    self.london = london
    self.clock = clock
    tellsOfMerges = mergeEvents
    self.logger = logger
  }

  var name: String { Self.name }
  var jobs: [ModuleJob] { [countKeeping.job] }
  var routes: [RouteDeclaration] { Self.endpoints.map { $0.route(of: self, london: london) } }
}

// What the acts of several endpoints share.
extension NonAssociationsModule {
  /// The row, which stays as it is until the unit of work is committed.
  /// - Throws: `NonAssociationsError.notFound`.
  func lock(_ id: Int64, in unit: UnitOfWork) async throws -> NonAssociation {
    guard let row = try await store.lock(id, in: unit) else { throw NonAssociationsError.notFound(id: id) }
    return row
  }

  /// Says that a change was made, as the service replaced did (docs/contract/adoption.md §3).
  func report(_ done: String, _ id: Int64) { logger.info("\(done) Non-association [\(id)]") }

  /// Queues a changed row, and what others are told of it.
  func save(
    _ row: NonAssociation,
    of original: NonAssociation,
    _ change: Change,
    in unit: UnitOfWork
  ) throws -> NonAssociation {
    try store.enqueueSave(row, of: original, change, in: unit)
    unit.tell(messages.changed(row, by: change))
    return row
  }
}
