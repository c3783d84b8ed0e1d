import Events
import Postgres
import ServiceKit
internal import Time

/// What a person decides about the records of a merge (`restricted-patients.md` §11).
enum MergeResolution: String, CaseIterable, Sendable {
  /// The record of the removed number goes: the prisoner is back in prison or free, or has another record.
  case dropRemoved = "DROP_REMOVED"
  /// The record of the kept number goes: the prisoner is back in prison or free.
  case dropKept = "DROP_KEPT"
  /// Both records go.
  case dropBoth = "DROP_BOTH"
  /// The record of the removed number gets the kept number: the prisoner is in hospital still.
  case move = "MOVE"
  /// The record of the kept number stays as it is.
  case keep = "KEEP"

  /// What can be decided, from where there are records.
  static func choices(removedHasRecord: Bool, keptHasRecord: Bool) -> [MergeResolution] {
    switch (removedHasRecord, keptHasRecord) {
    case (true, true): [.dropRemoved, .dropBoth]
    case (true, false): [.dropRemoved, .move]
    case (false, true): [.dropKept, .keep]
    case (false, false): []
    }
  }
}

/// A merge whose message fails until a person has decided.
struct StuckMerge: Equatable, Sendable {
  var removedNumber: String
  var keptNumber: String
  var removedRecord: RestrictedPatient?
  var keptRecord: RestrictedPatient?
  var firstSeen: LocalDateTime
  var lastSeen: LocalDateTime
  /// How often its message was delivered.
  var deliveries: Int64

  var choices: [MergeResolution] {
    MergeResolution.choices(removedHasRecord: removedRecord != nil, keptHasRecord: keptRecord != nil)
  }
}

extension RestrictedPatientsStore {
  enum MergeSighting: Equatable, Sendable {
    /// Nothing to decide, or decided.
    case settled
    /// The record that is in the way; of two, that of the removed number.
    case stuck(RestrictedPatient, isFirst: Bool)
  }

  private static let isResolved = PostgresStatement(
    name: "restricted_patient_merge_resolved",
    sql: """
      select exists (
        select from restricted_patients_merge
        where removed_number = $1 and kept_number = $2 and resolved_datetime is not null)
      """
  )

  private static let record = PostgresStatement(
    name: "restricted_patient_merge_record",
    sql: """
      insert into restricted_patients_merge as m (removed_number, kept_number, first_seen, last_seen, deliveries)
      values ($1, $2, $3::text::timestamp, $3::text::timestamp, 1)
      on conflict (removed_number, kept_number)
      do update set last_seen = excluded.last_seen, deliveries = m.deliveries + 1
      returning deliveries
      """
  )

  private static let stuck = PostgresStatement(
    name: "restricted_patient_merges_stuck",
    sql: """
      select removed_number, kept_number, first_seen, last_seen, deliveries
      from restricted_patients_merge m
      where resolved_datetime is null and exists (
        select from restricted_patients where prisoner_number in (m.removed_number, m.kept_number))
      order by first_seen, removed_number limit 500
      """
  )

  private static let lock = PostgresStatement(
    name: "restricted_patient_merge_lock",
    sql: """
      select from restricted_patients_merge
      where removed_number = $1 and kept_number = $2 and resolved_datetime is null for update
      """
  )

  private static let resolve = PostgresStatement(
    name: "restricted_patient_merge_resolve",
    sql: """
      update restricted_patients_merge
      set resolved_datetime = $3::text::timestamp, resolved_user_id = $4, resolution = $5
      where removed_number = $1 and kept_number = $2
      """
  )

  private static let rename = PostgresStatement(
    name: "restricted_patient_rename",
    sql: """
      update restricted_patients
      set prisoner_number = $2, modify_datetime = $3::text::timestamp, modify_user_id = $4
      where prisoner_number = $1
      """
  )

  /// Looks for records under either number of a merge, and writes the merge down if there are.
  func sightMerge(
    removed: String,
    kept: String,
    at now: LocalDateTime,
    deadline: MonotonicInstant
  ) async throws -> MergeSighting {
    try await database.withTransaction(deadline: deadline) { transaction in
      let numbers: [PostgresValue] = [.text(removed), .text(kept)]
      if try await transaction.query(Self.isResolved, numbers).first?.bool(0) == true { return .settled }
      var patient = try await find(removed, in: transaction)
      if patient == nil { patient = try await find(kept, in: transaction) }
      guard let patient else { return .settled }
      let rows = try await transaction.query(Self.record, numbers + [.text(now.stored)])
      guard let row = rows.first else { throw StoreError.noRowReturned }
      return .stuck(patient, isFirst: try row.int64(0) == 1)
    }
  }

  /// Merges that wait for a person, the oldest first, at most 500.
  func stuckMerges(deadline: MonotonicInstant) async throws -> [StuckMerge] {
    var merges: [StuckMerge] = []
    for row in try await database.query(Self.stuck, deadline: deadline) {
      let (removed, kept) = (try row.text(0), try row.text(1))
      let lenient = LenientRow(
        row,
        of: "restricted_patients_merge",
        key: .prisoner(0),
        misfits: misfits
      )
      merges.append(
        StuckMerge(
          removedNumber: removed,
          keptNumber: kept,
          removedRecord: try await find(removed, deadline: deadline),
          keptRecord: try await find(kept, deadline: deadline),
          firstSeen: try lenient.local(2),
          lastSeen: try lenient.local(3),
          deliveries: try row.int64(4)
        )
      )
    }
    return merges
  }

  /// Applies a decision: everything of it, or nothing.
  /// - Parameters:
  ///   - removedEvent: tells that a number is no longer a patient's.
  ///   - addedEvent: tells that a number is a patient's now.
  /// - Throws: `RestrictedPatientsError.noStuckMerge`; the rule `RESOLUTION_NOT_POSSIBLE` if the records are not where
  ///   the decision wants them.
  func resolveMerge(
    removed: String,
    kept: String,
    _ resolution: MergeResolution,
    by user: String,
    at now: LocalDateTime,
    deadline: MonotonicInstant,
    removedEvent: @Sendable (String) -> DomainEvent,
    addedEvent: @Sendable (String) -> DomainEvent
  ) async throws {
    try await database.withTransaction(deadline: deadline) { transaction in
      let numbers: [PostgresValue] = [.text(removed), .text(kept)]
      guard try await !transaction.query(Self.lock, numbers).isEmpty else {
        throw RestrictedPatientsError.noStuckMerge(removed: removed, kept: kept)
      }
      let choices = MergeResolution.choices(
        removedHasRecord: try await find(removed, in: transaction) != nil,
        keptHasRecord: try await find(kept, in: transaction) != nil
      )
      guard choices.contains(resolution) else {
        let names = choices.map(\.rawValue).joined(separator: ", ")
        throw RestrictedPatientsError.rule(
          .resolutionImpossible("With the records as they are, the choices are: \(names)")
        )
      }
      let drops: [String] =
        switch resolution {
        case .dropRemoved: [removed]
        case .dropKept: [kept]
        case .dropBoth: [removed, kept]
        case .move, .keep: []
        }
      for number in drops {
        _ = try await archive(number, .init(at: now, by: user, cause: .merge), in: transaction)
        try await outbox.append(removedEvent(number), nil, in: transaction)
      }
      if resolution == .move {
        try await transaction.execute(Self.rename, numbers + [.text(now.stored), .text(user)])
        try await outbox.append(removedEvent(removed), nil, in: transaction)
        try await outbox.append(addedEvent(kept), nil, in: transaction)
      }
      try await transaction.execute(
        Self.resolve,
        numbers + [.text(now.stored), .text(user), .text(resolution.rawValue)]
      )
    }
  }
}
