import ModuleKit
import Postgres
import ServiceKit
internal import Time

/// The records of merged numbers, and the merges that wait for a person.
extension RestrictedPatientsStore {
  /// What is there under the numbers of a merge.
  struct DetectedMerge: Sendable {
    var records = MergedRecords()
    var isResolved = false
  }

  static let detect = PostgresStatement(
    name: "restricted_patient_merge_detect",
    sql: """
      select \(table.selected), prisoner_number = $1, exists (
          select from restricted_patients_merge
          where removed_number = $1 and kept_number = $2 and resolved_datetime is not null)
      from restricted_patients where prisoner_number in ($1, $2)
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

  private static let joinedRecords = """
    left join restricted_patients r on r.prisoner_number = m.removed_number \
    left join restricted_patients k on k.prisoner_number = m.kept_number
    """

  private static let stuck = PostgresStatement(
    name: "restricted_patient_merges_stuck",
    sql: """
      select m.removed_number, m.kept_number, m.first_seen, m.last_seen, m.deliveries,
        \(table.selected(of: "r")), \(table.selected(of: "k"))
      from restricted_patients_merge m \(joinedRecords)
      where m.resolved_datetime is null and (r.prisoner_number is not null or k.prisoner_number is not null)
      order by m.first_seen, m.removed_number limit 500
      """
  )

  static let lock = PostgresStatement(
    name: "restricted_patient_merge_lock",
    sql: """
      select from restricted_patients_merge
      where removed_number = $1 and kept_number = $2 and resolved_datetime is null for update
      """
  )

  private static let locked = PostgresStatement(
    name: "restricted_patient_merge_locked",
    sql: """
      select \(table.selected(of: "r")), \(table.selected(of: "k"))
      from restricted_patients_merge m \(joinedRecords)
      where m.removed_number = $1 and m.kept_number = $2 and m.resolved_datetime is null
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

  /// Looks for records under either number of a merge. Of a merge that concerns no patient nothing else is asked.
  func detectMerge(removed: String, kept: String, deadline: MonotonicInstant) async throws -> DetectedMerge {
    var merge = DetectedMerge()
    let numbers: [PostgresValue] = [.text(removed), .text(kept)]
    for row in try await database.query(Self.detect, numbers, deadline: deadline) {
      let patient = try patient(row)
      if try row.bool(Self.table.columns.count) {
        merge.records.removed = patient
      } else {
        merge.records.kept = patient
      }
      merge.isResolved = try row.bool(Self.table.columns.count + 1)
    }
    return merge
  }

  /// Writes down that a merge waits for a person.
  /// - Returns: how often it has been written down, this time included.
  func recordMerge(
    removed: String,
    kept: String,
    at now: LocalDateTime,
    in unit: UnitOfWork
  ) async throws -> Int64 {
    let rows = try await unit.query(Self.record, [.text(removed), .text(kept), .text(now.storedText)])
    guard let row = rows.first else { throw StoreError.noRowReturned }
    return try row.int64(0)
  }

  /// Merges that wait for a person, the oldest first, at most 500.
  func stuckMerges(deadline: MonotonicInstant) async throws -> [StuckMerge] {
    try await database.query(Self.stuck, deadline: deadline).map { row in
      let lenient = LenientRow(row, of: "restricted_patients_merge", key: .prisoner(0), misfits: misfits)
      return StuckMerge(
        removedNumber: try row.text(0),
        keptNumber: try row.text(1),
        records: try mergedRecords(row, from: 5),
        firstSeen: try lenient.local(2),
        lastSeen: try lenient.local(3),
        deliveries: try row.int64(4)
      )
    }
  }

  /// Locks a merge that waits for a person, so that nobody else decides, and reads its records.
  /// - Returns: nil if there is no such merge.
  func lockMerge(removed: String, kept: String, in unit: UnitOfWork) async throws -> MergedRecords? {
    let numbers: [PostgresValue] = [.text(removed), .text(kept)]
    try unit.enqueue(Self.lock, numbers)
    return try await unit.query(Self.locked, numbers).first.map { try mergedRecords($0, from: 0) }
  }

  /// Queues that a person has decided.
  func enqueueResolution(
    _ resolution: MergeResolution,
    removed: String,
    kept: String,
    by user: String,
    at now: LocalDateTime,
    in unit: UnitOfWork
  ) throws {
    try unit.enqueue(
      Self.resolve,
      [.text(removed), .text(kept), .text(now.storedText), .text(user), .text(resolution.rawValue)]
    )
  }

  private func mergedRecords(_ row: PostgresRow, from start: Int) throws -> MergedRecords {
    MergedRecords(
      removed: try joinedPatient(row, from: start),
      kept: try joinedPatient(row, from: start + Self.table.columns.count)
    )
  }
}
