import EventLoops
import Events
import Postgres
import ServiceKit

/// Reads and writes the table `restricted_patients` (`restricted-patients.md` §5) and what stands around it.
///
/// Times of the table have no zone; they travel as texts, so that no session's time zone can touch them.
struct RestrictedPatientsStore: Sendable {
  let database: PostgresDatabase
  let outbox: any Outbox

  static func timeText(_ column: String) -> String { "to_char(\(column), 'YYYY-MM-DD\"T\"HH24:MI:SS.US')" }

  /// The columns that `RestrictedPatient.init(_:)` reads, in its order.
  static let columns = """
    prisoner_number, from_location_id, hospital_location_code, supporting_prison_id, \
    \(timeText("discharge_time")), comment_text, \(timeText("create_datetime")), create_user_id, \
    \(timeText("modify_datetime")), modify_user_id
    """

  static let byNumber = PostgresStatement(
    name: "restricted_patient_by_number",
    sql: "select \(columns) from restricted_patients where prisoner_number = $1"
  )

  static let allNumbers = PostgresStatement(
    name: "restricted_patient_numbers",
    sql: "select prisoner_number from restricted_patients order by prisoner_number"
  )

  func find(_ number: String, deadline: MonotonicInstant) async throws -> RestrictedPatient? {
    try await database.query(Self.byNumber, [.text(number)], deadline: deadline).first
      .map { try RestrictedPatient($0) }
  }

  /// The numbers of all patients, in their order.
  func numbers(deadline: MonotonicInstant) async throws -> [String] {
    try await database.query(Self.allNumbers, deadline: deadline).map { try $0.text(0) }
  }

  // MARK: Within a transaction

  static func find(
    _ number: String,
    in transaction: PostgresTransaction
  ) async throws -> RestrictedPatient? {
    try await transaction.query(byNumber, [.text(number)]).first.map { try RestrictedPatient($0) }
  }
}

/// A row that is not what the module has written.
enum StoreError: Error, Equatable {
  case unreadableTime(column: Int)
  case unknownCause
  case noRowReturned
}

extension RestrictedPatient {
  /// Columns in the order of the store's select list.
  init(_ row: PostgresRow, from first: Int = 0) throws {
    func time(_ column: Int) throws -> LocalDateTime? {
      guard let text = try row.optionalText(first + column) else { return nil }
      guard let time = LocalDateTime(contractText: text) else {
        throw StoreError.unreadableTime(column: column)
      }
      return time
    }
    guard let dischargeTime = try time(4), let createdAt = try time(6) else {
      throw StoreError.unreadableTime(column: 4)
    }
    self.init(
      prisonerNumber: try row.text(first),
      fromLocationID: try row.text(first + 1),
      hospitalLocationCode: try row.text(first + 2),
      supportingPrisonID: try row.text(first + 3),
      dischargeTime: dischargeTime,
      commentText: try row.optionalText(first + 5),
      createdAt: createdAt,
      createdBy: try row.optionalText(first + 7),
      modifiedAt: try time(8),
      modifiedBy: try row.optionalText(first + 9)
    )
  }
}
