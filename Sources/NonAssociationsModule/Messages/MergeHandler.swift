public import EventLoops
public import Events
public import Postgres
public import ServiceKit

/// Gives the rows of a prisoner whose number changed their new number (`non-associations.md` §11): the handler of the
/// queue `nonassociations`. A message handled twice changes nothing the second time, and two at the same time wait for
/// each other's rows.
public struct MergeHandler: MessageHandler {
  /// The event types that the queue's subscription asks for.
  public static let eventTypes = [ConsumedEvent.mergedType, ConsumedEvent.bookingMovedType]

  /// Well within the 30 seconds for which the queue hides a message.
  private static let timeout = Duration.seconds(20)

  private let store: NonAssociationsStore
  private let london: LondonTime
  private let clock: any WallClock
  private let telemetry: any Telemetry
  private let events: NonAssociationEvents?

  /// - Parameters:
  ///   - outbox: where a changed row leaves its event and audit message, if `mergeEvents` asks for them.
  ///   - mergeEvents: whether others are told of each row that a merge changes, as of a change over HTTP. Off by
  ///     default: the service replaced told nobody (§14.4).
  public init(
    database: PostgresDatabase,
    london: LondonTime,
    clock: any WallClock = SystemClock(),
    outbox: any Outbox = NoOutbox(),
    telemetry: any Telemetry,
    mergeEvents: Bool = false
  ) {
    store = NonAssociationsStore(database: database, outbox: outbox)
    self.london = london
    self.clock = clock
    self.telemetry = telemetry
    events = mergeEvents ? NonAssociationEvents(london: london) : nil
  }

  public func handle(_ message: ReceivedMessage) async throws {
    switch try ConsumedEvent.read(message.body) {
    case nil: return
    case .merged(let old, let new):
      try await merge(old, new, nil, nil, ConsumedEvent.mergedType)
    case .bookingMoved(let old, let new, let start, let occurredAt):
      let from = start.map(london.instant)
      try await merge(old, new, from, start == nil ? nil : occurredAt, ConsumedEvent.bookingMovedType)
    }
  }

  private func merge(
    _ old: String,
    _ new: String,
    _ from: Timestamp?,
    _ until: Timestamp?,
    _ cause: String
  ) async throws {
    // The rule would close every open row, each a duplicate of itself.
    guard old != new else { return }
    let plan = MergePlan(old: old, new: new, from: from, until: until, now: clock.now(), cause: cause)
    let steps = try await store.merge(
      from: old,
      to: new,
      deadline: .now() + Self.timeout,
      announce: { change, row in events?.announcement(of: change, to: row) },
      plan: plan.steps
    )
    telemetry.track(Self.summary(of: steps, old, new))
  }

  /// §10.3. A result that did not occur is the text `null`, as it always was.
  private static func summary(of steps: [MergePlan.Step], _ old: String, _ new: String) -> TelemetryEvent {
    func count(_ kind: ChangeKind) -> String {
      let count = steps.count { $0.change.kind == kind }
      return count == 0 ? "null" : String(count)
    }
    return TelemetryEvent(
      "Merge",
      [
        "NOMS-MERGE-FROM": old, "NOMS-MERGE-TO": new, "MERGED-RECORDS": count(.merged),
        "CLOSED-RECORDS": count(.closed), "DELETED-RECORDS": count(.deleted),
      ]
    )
  }
}
