internal import Postgres
internal import Time

/// What the gateway has of some prisoners, to see what an event changes.
struct PlayLedger: Sendable {
  /// How things are at one moment.
  struct State: Sendable {
    struct Association: Sendable, Equatable {
      var first, second: String
      var isClosed: Bool

      var text: String { "\(first) and \(second), \(isClosed ? "closed" : "open")" }
    }

    var associations: [Int64: Association] = [:]
    /// Hospitals, by prisoner.
    var patients: [String: String] = [:]
    var stuckMerges: Set<String> = []
    /// How far the outboxes were, by module.
    var positions: [String: Int64] = [:]
  }

  /// Of the hosted modules, by their names.
  let databases: [String: PostgresDatabase]

  /// In the order in which a report tells of them.
  private var modules: [(module: String, database: PostgresDatabase)] {
    databases.sorted { $0.key < $1.key }.map { (module: $0.key, database: $0.value) }
  }

  private func rows(
    of module: String,
    _ statement: PostgresStatement,
    _ parameters: [PostgresValue],
    _ deadline: MonotonicInstant
  ) async throws -> [PostgresRow] {
    guard let database = databases[module] else { return [] }
    return try await database.query(statement, parameters, deadline: deadline).map { $0 }
  }

  /// - Throws: `PostgresError`.
  func state(of numbers: [String], deadline: MonotonicInstant) async throws -> State {
    var state = State()
    let parameter = [PostgresValue.text(numbers.joined(separator: ","))]
    let (associations, patients) = (SampledModule.nonAssociations, SampledModule.restrictedPatients)
    for row in try await rows(of: associations, Self.associations, parameter, deadline) {
      state.associations[try row.int64(0)] = State.Association(
        first: try row.text(1),
        second: try row.text(2),
        isClosed: try row.bool(3)
      )
    }
    for row in try await rows(of: patients, Self.patients, parameter, deadline) {
      state.patients[try row.text(0)] = try row.text(1)
    }
    for row in try await rows(of: patients, Self.merges, parameter, deadline) {
      state.stuckMerges.insert("\(try row.text(0)) into \(try row.text(1))")
    }
    for (module, database) in modules {
      let row = try await database.query(Self.position, [.text(module)], deadline: deadline).first
      state.positions[module] = try row?.int64(0)
    }
    return state
  }

  /// The events that the gateway has committed since, oldest first.
  /// - Throws: `PostgresError`.
  func events(since state: State, deadline: MonotonicInstant) async throws -> [String] {
    var lines: [String] = []
    for (module, database) in modules {
      let rows = try await database.query(
        Self.events,
        [.text(module), .int8(state.positions[module] ?? 0)],
        deadline: deadline
      )
      lines += try rows.map { "the gateway published \(try $0.text(0)) about \(try $0.text(1))" }
    }
    return lines
  }

  private static let associations = PostgresStatement(
    name: "play_associations",
    sql: """
      select id::bigint, first_prisoner_number, second_prisoner_number, is_closed from non_association
      where first_prisoner_number = any (string_to_array($1, ','))
        or second_prisoner_number = any (string_to_array($1, ','))
      """
  )

  private static let patients = PostgresStatement(
    name: "play_patients",
    sql: """
      select prisoner_number, hospital_location_code from restricted_patients
      where prisoner_number = any (string_to_array($1, ','))
      """
  )

  private static let merges = PostgresStatement(
    name: "play_merges",
    sql: """
      select removed_number, kept_number from restricted_patients_merge
      where resolved_datetime is null and (removed_number = any (string_to_array($1, ','))
        or kept_number = any (string_to_array($1, ',')))
      """
  )

  private static let position = PostgresStatement(
    name: "play_position",
    sql: "select coalesce(max(id), 0) from gateway_outbox where module = $1"
  )

  private static let events = PostgresStatement(
    name: "play_events",
    sql: """
      select event_type, subject from gateway_outbox where module = $1 and id > $2 and kind = 'event' order by id
      """
  )
}

extension PlayLedger.State {
  /// What is different now, a line for each thing.
  func changes(since before: Self) -> [String] {
    var lines: [String] = []
    for id in Set(associations.keys).union(before.associations.keys).sorted() {
      switch (before.associations[id], associations[id]) {
      case (let old?, let new?) where old != new:
        lines.append("non-association \(id): \(old.text) → \(new.text)")
      case (nil, let new?): lines.append("non-association \(id): now \(new.text)")
      case (let old?, nil): lines.append("non-association \(id): \(old.text) → gone")
      default: break
      }
    }
    for number in Set(patients.keys).union(before.patients.keys).sorted() {
      switch (before.patients[number], patients[number]) {
      case (nil, let hospital?): lines.append("\(number) is a restricted patient now, in \(hospital)")
      case (_?, nil): lines.append("\(number) is a restricted patient no more")
      case (let old?, let new?) where old != new: lines.append("\(number) is in \(new) now, not \(old)")
      default: break
      }
    }
    for merge in stuckMerges.subtracting(before.stuckMerges).sorted() {
      lines.append("the merge of \(merge) waits for a person: GET /restricted-patients/merges")
    }
    return lines
  }
}
